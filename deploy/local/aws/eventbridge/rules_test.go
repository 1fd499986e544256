package eventbridge_test

import (
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

func TestADisabledRuleDeliversNothing(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	x.rule("all", `{"source":[{"prefix":"powerpole."}]}`, to("inbox"))
	in := &eventbridge.DisableRuleInput{Name: awssdk.String("all"), EventBusName: awssdk.String("powerpole")}
	if _, err := x.api.DisableRule(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	x.put(entry("A", `{}`))
	if _, err := x.api.EnableRule(t.Context(), &eventbridge.EnableRuleInput{Name: in.Name, EventBusName: in.EventBusName}); err != nil {
		t.Fatal(err)
	}
	x.put(entry("B", `{}`))
	if got := x.received("inbox"); len(got) != 1 || !strings.Contains(*got[0].Body, `"detail-type":"B"`) {
		t.Errorf("got %v", got)
	}
}

func TestARuleOfAnotherBusDoesNotSeeTheEvent(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	x.rule("all", `{"source":[{"prefix":"powerpole."}]}`, to("inbox"))
	e := entry("A", `{}`)
	e.EventBusName = nil
	x.put(e)
	if got := x.received("inbox"); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestATargetMayReplaceOrCutTheEvent(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	fixed, part := to("inbox"), to("dead")
	fixed.Input, part.InputPath = awssdk.String(`{"fixed":true}`), awssdk.String("$.detail.data")
	x.rule("all", `{"source":[{"prefix":"powerpole."}]}`, fixed, part)
	x.put(entry("A", `{"data":{"n":1}}`))
	if a, b := x.received("inbox"), x.received("dead"); *a[0].Body != `{"fixed":true}` || *b[0].Body != `{"n":1}` {
		t.Errorf("got %s and %s", *a[0].Body, *b[0].Body)
	}
}

func TestTargetsThatAreNotThereAreRefused(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	x.rule("all", `{"source":["a"]}`, to("inbox"))
	lambda, transformed, other := to("inbox"), to("inbox"), to("inbox")
	lambda.Arn = awssdk.String("arn:aws:lambda:us-east-1:000000000000:function:f")
	transformed.InputTransformer = &types.InputTransformer{InputTemplate: awssdk.String("x")}
	other.Input = awssdk.String("{")
	for name, bad := range map[string]types.Target{"lambda": lambda, "transformer": transformed, "input": other} {
		_, err := x.api.PutTargets(t.Context(), &eventbridge.PutTargetsInput{
			Rule: awssdk.String("all"), EventBusName: awssdk.String("powerpole"), Targets: []types.Target{bad},
		})
		if code(err) != "ValidationException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := x.api.PutTargets(t.Context(), &eventbridge.PutTargetsInput{
		Rule: awssdk.String("none"), EventBusName: awssdk.String("powerpole"), Targets: []types.Target{to("inbox")},
	})
	if code(err) != "ResourceNotFoundException" {
		t.Errorf("no rule: %v", err)
	}
}

func TestRulesAndTargetsCanBePutAgainListedAndDeleted(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	bus, name := awssdk.String("powerpole"), awssdk.String("all")
	x.rule("all", `{"source":["a"]}`, to("inbox"), to("dead"))
	x.rule("all", `{"source":["b"]}`, to("inbox"))
	d, err := x.api.DescribeRule(t.Context(), &eventbridge.DescribeRuleInput{Name: name, EventBusName: bus})
	if err != nil || *d.EventPattern != `{"source":["b"]}` || d.State != types.RuleStateEnabled {
		t.Errorf("got %+v, %v", d, err)
	}
	targets, err := x.api.ListTargetsByRule(t.Context(), &eventbridge.ListTargetsByRuleInput{Rule: name, EventBusName: bus})
	if err != nil || len(targets.Targets) != 2 {
		t.Errorf("got %+v, %v", targets, err)
	}
	rules, err := x.api.ListRuleNamesByTarget(t.Context(), &eventbridge.ListRuleNamesByTargetInput{TargetArn: awssdk.String(queueARN + "dead"), EventBusName: bus})
	if err != nil || len(rules.RuleNames) != 1 {
		t.Errorf("got %+v, %v", rules, err)
	}
	remove := &eventbridge.DeleteRuleInput{Name: name, EventBusName: bus}
	if _, err := x.api.DeleteRule(t.Context(), remove); code(err) != "ValidationException" {
		t.Errorf("with targets: %v", err)
	}
	if _, err := x.api.RemoveTargets(t.Context(), &eventbridge.RemoveTargetsInput{Rule: name, EventBusName: bus, Ids: []string{"inbox", "dead"}}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second has nothing to do
		if _, err := x.api.DeleteRule(t.Context(), remove); err != nil {
			t.Error(err)
		}
	}
	if _, err := x.api.DescribeRule(t.Context(), &eventbridge.DescribeRuleInput{Name: name, EventBusName: bus}); code(err) != "ResourceNotFoundException" {
		t.Errorf("got %v", err)
	}
}

func TestABusIsMadeOnceAndDeletedWithoutRules(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	name := awssdk.String("powerpole")
	if _, err := x.api.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: name}); code(err) != "ResourceAlreadyExistsException" {
		t.Errorf("a second time: %v", err)
	}
	x.rule("all", `{"source":["a"]}`, to("inbox"))
	_, err := x.api.DeleteEventBus(t.Context(), &eventbridge.DeleteEventBusInput{Name: name})
	if code(err) != "ValidationException" {
		t.Errorf("with a rule: %v", err)
	}
	out, err := x.api.ListEventBuses(t.Context(), &eventbridge.ListEventBusesInput{})
	if err != nil || len(out.EventBuses) != 2 || *out.EventBuses[0].Name != "default" || *out.EventBuses[1].Arn != busARN {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestABusShowsItsPolicyAndTags(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	bus := awssdk.String("powerpole")
	if _, err := x.api.PutPermission(t.Context(), &eventbridge.PutPermissionInput{
		EventBusName: bus, StatementId: awssdk.String("one"), Principal: awssdk.String("111111111111"), Action: awssdk.String("events:PutEvents"),
	}); err != nil {
		t.Fatal(err)
	}
	d, err := x.api.DescribeEventBus(t.Context(), &eventbridge.DescribeEventBusInput{Name: bus})
	if err != nil || !strings.Contains(*d.Policy, "arn:aws:iam::111111111111:root") {
		t.Errorf("got %+v, %v", d, err)
	}
	if _, err := x.api.RemovePermission(t.Context(), &eventbridge.RemovePermissionInput{EventBusName: bus, StatementId: awssdk.String("one")}); err != nil {
		t.Error(err)
	}
	if _, err := x.api.TagResource(t.Context(), &eventbridge.TagResourceInput{
		ResourceARN: awssdk.String(busARN), Tags: []types.Tag{{Key: awssdk.String("k"), Value: awssdk.String("v")}},
	}); err != nil {
		t.Fatal(err)
	}
	tags, err := x.api.ListTagsForResource(t.Context(), &eventbridge.ListTagsForResourceInput{ResourceARN: awssdk.String(busARN)})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "v" {
		t.Errorf("got %+v, %v", tags, err)
	}
}
