package eventbridge_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/powerpole/powerpole/deploy/local/aws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	queueARN = "arn:aws:sqs:us-east-1:000000000000:"
	busARN   = "arn:aws:events:us-east-1:000000000000:event-bus/powerpole"
)

// fixture is a stack with a bus and two queues.
type fixture struct {
	t     *testing.T
	stack *aws.Stack
	api   *eventbridge.Client
	sqs   *sqs.Client
}

func fresh(t *testing.T) *fixture {
	t.Helper()
	s, err := aws.New(t.Context(), aws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	x := &fixture{t, s, eventbridge.NewFromConfig(s.Config()), sqs.NewFromConfig(s.Config())}
	for _, name := range []string{"inbox", "dead"} {
		if _, err := x.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := x.api.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: awssdk.String("powerpole")}); err != nil {
		t.Fatal(err)
	}
	return x
}

// rule makes a rule on the bus that delivers to the targets.
func (x *fixture) rule(name, pattern string, targets ...types.Target) {
	x.t.Helper()
	bus := awssdk.String("powerpole")
	if _, err := x.api.PutRule(x.t.Context(), &eventbridge.PutRuleInput{Name: &name, EventBusName: bus, EventPattern: &pattern}); err != nil {
		x.t.Fatal(err)
	}
	if _, err := x.api.PutTargets(x.t.Context(), &eventbridge.PutTargetsInput{Rule: &name, EventBusName: bus, Targets: targets}); err != nil {
		x.t.Fatal(err)
	}
}

func to(queue string) types.Target {
	return types.Target{Id: &queue, Arn: awssdk.String(queueARN + queue)}
}

func entry(detailType, detail string) types.PutEventsRequestEntry {
	return types.PutEventsRequestEntry{
		EventBusName: awssdk.String("powerpole"), Source: awssdk.String("powerpole.intake"),
		DetailType: &detailType, Detail: &detail,
	}
}

func (x *fixture) put(entries ...types.PutEventsRequestEntry) *eventbridge.PutEventsOutput {
	x.t.Helper()
	out, err := x.api.PutEvents(x.t.Context(), &eventbridge.PutEventsInput{Entries: entries})
	if err != nil {
		x.t.Fatal(err)
	}
	return out
}

// received takes what is in a queue.
func (x *fixture) received(queue string) []sqstypes.Message {
	x.t.Helper()
	out, err := x.sqs.ReceiveMessage(x.t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: awssdk.String("https://sqs/" + queue), MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"},
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return out.Messages
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func TestAnEventGoesToTheTargetsOfTheRulesThatMatch(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	x.rule("created", `{"source":["powerpole.intake"],"detail-type":["RequestCreated"]}`, to("inbox"))
	x.rule("other", `{"source":["powerpole.approval"]}`, to("dead"))
	e := entry("RequestCreated", `{"request_id":"pp-1","data":{"reason":"a < b & \"c\""}}`)
	e.Resources = []string{"pp-1"}
	out := x.put(e)
	got := x.received("inbox")
	if len(got) != 1 || len(x.received("dead")) != 0 {
		t.Fatalf("received %v", got)
	}
	var env struct {
		Version, ID, Source, Account, Region, Time string
		DetailType                                 string `json:"detail-type"`
		Resources                                  []string
		Detail                                     struct{ Data struct{ Reason string } }
	}
	if err := json.Unmarshal([]byte(*got[0].Body), &env); err != nil {
		t.Fatal(err)
	}
	if env.ID != *out.Entries[0].EventId || env.Version != "0" || env.Source != "powerpole.intake" || env.DetailType != "RequestCreated" ||
		env.Account != "000000000000" || env.Region != "us-east-1" || env.Detail.Data.Reason != `a < b & "c"` || env.Resources[0] != "pp-1" {
		t.Errorf("got %s", *got[0].Body)
	}
	if _, err := time.Parse("2006-01-02T15:04:05Z", env.Time); err != nil {
		t.Error(err)
	}
}

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

func TestAnEntryThatFailsDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	x.rule("all", `{"source":[{"prefix":"powerpole."}]}`, to("inbox"))
	noSource, noBus, aws := entry("A", `{}`), entry("A", `{}`), entry("A", `{}`)
	noSource.Source, noBus.EventBusName, aws.Source = nil, awssdk.String("none"), awssdk.String("aws.ec2")
	out := x.put(entry("A", `{}`), entry("A", `{"a":`), entry("A", `[1]`), noSource, noBus, aws)
	if out.FailedEntryCount != 5 || out.Entries[0].EventId == nil {
		t.Fatalf("got %+v", out)
	}
	for n, want := range []string{"", "MalformedDetail", "MalformedDetail", "InvalidArgument", "ResourceNotFoundException", "NotAuthorizedForSourceException"} {
		if got := awssdk.ToString(out.Entries[n].ErrorCode); got != want {
			t.Errorf("entry %d: %s, want %s", n, got, want)
		}
	}
	if got := x.received("inbox"); len(got) != 1 {
		t.Errorf("delivered %d", len(got))
	}
}

func TestPutEventsTakesTenEntriesAndOneMebibyte(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	var eleven []types.PutEventsRequestEntry
	for range 11 {
		eleven = append(eleven, entry("A", `{}`))
	}
	large := entry("A", `{"a":"`+strings.Repeat("x", 1<<20)+`"}`)
	for name, entries := range map[string][]types.PutEventsRequestEntry{"eleven": eleven, "too large": {large}} {
		_, err := x.api.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: entries})
		if code(err) != "ValidationException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if out := x.put(eleven[:10]...); out.FailedEntryCount != 0 {
		t.Errorf("got %+v", out)
	}
}

func TestADeliveryToAQueueThatIsGoneEndsInTheTargetsDeadLetterQueue(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	lost := to("nowhere")
	lost.DeadLetterConfig = &types.DeadLetterConfig{Arn: awssdk.String(queueARN + "dead")}
	x.rule("all", `{"source":[{"prefix":"powerpole."}]}`, lost, to("inbox"))
	x.put(entry("A", `{}`))
	if n := len(x.received("inbox")); n != 1 {
		t.Errorf("the other target got %d", n)
	}
	got := x.received("dead")
	if len(got) != 1 {
		t.Fatalf("got %v", got)
	}
	for name, want := range map[string]string{
		"RULE_ARN":   "arn:aws:events:us-east-1:000000000000:rule/powerpole/all",
		"TARGET_ARN": queueARN + "nowhere", "ERROR_CODE": "NO_RESOURCE",
	} {
		if v := awssdk.ToString(got[0].MessageAttributes[name].StringValue); v != want {
			t.Errorf("%s is %q, want %q", name, v, want)
		}
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

func TestAnEventOfAWSComesOnTheDefaultBus(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	name, pattern := awssdk.String("hints"), awssdk.String(`{"source":["aws.ec2"]}`)
	if _, err := x.api.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: name, EventPattern: pattern}); err != nil {
		t.Fatal(err)
	}
	if _, err := x.api.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: name, Targets: []types.Target{to("inbox")}}); err != nil {
		t.Fatal(err)
	}
	err := x.stack.EventBridge.Put(t.Context(), "aws.ec2", "EC2 Instance State-change Notification", json.RawMessage(`{"state":"running"}`))
	if got := x.received("inbox"); err != nil || len(got) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestRecentEventsNameTheirTargets(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	x.rule("all", `{"source":[{"prefix":"powerpole."}]}`, to("inbox"))
	x.put(entry("A", `{}`), entry("B", `{}`))
	got := x.stack.EventBridge.Recent(1)
	if len(got) != 1 || got[0].DetailType != "B" || got[0].Bus != "powerpole" || got[0].Targets[0] != queueARN+"inbox" {
		t.Errorf("got %+v", got)
	}
}

// archive makes an archive of the bus.
func (x *fixture) archive(pattern string, days int32) {
	x.t.Helper()
	in := &eventbridge.CreateArchiveInput{ArchiveName: awssdk.String("kept"), EventSourceArn: awssdk.String(busARN), RetentionDays: &days}
	if pattern != "" {
		in.EventPattern = &pattern
	}
	if _, err := x.api.CreateArchive(x.t.Context(), in); err != nil {
		x.t.Fatal(err)
	}
}

func (x *fixture) archived() int64 {
	x.t.Helper()
	d, err := x.api.DescribeArchive(x.t.Context(), &eventbridge.DescribeArchiveInput{ArchiveName: awssdk.String("kept")})
	if err != nil {
		x.t.Fatal(err)
	}
	return d.EventCount
}

func replay(name string, from, to time.Time, rules ...string) *eventbridge.StartReplayInput {
	return &eventbridge.StartReplayInput{
		ReplayName: &name, EventSourceArn: awssdk.String("arn:aws:events:us-east-1:000000000000:archive/kept"),
		EventStartTime: &from, EventEndTime: &to,
		Destination: &types.ReplayDestination{Arn: awssdk.String(busARN), FilterArns: rules},
	}
}

func bubble(t *testing.T, f func(*testing.T, *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, fresh(t)) })
}

func TestAReplayedEventCarriesTheReplaysNameAndIsNotArchivedAgain(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, x *fixture) {
		x.archive("", 0)
		x.rule("effects", `{"source":[{"prefix":"powerpole."}],"replay-name":[{"exists":false}]}`, to("inbox"))
		x.rule("audit", `{"source":[{"prefix":"powerpole."}]}`, to("dead"))
		begin := time.Now()
		x.put(entry("A", `{"n":1}`))
		original := x.received("dead")
		x.received("inbox")
		if _, err := x.api.StartReplay(t.Context(), replay("again", begin.Add(-time.Minute), begin.Add(time.Minute))); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := x.received("inbox"); len(got) != 0 {
			t.Errorf("a rule without replays got %v", got)
		}
		got := x.received("dead")
		if len(got) != 1 || *got[0].Body != strings.TrimSuffix(*original[0].Body, "}")+`,"replay-name":"again"}` {
			t.Errorf("got %v", got)
		}
		d, err := x.api.DescribeReplay(t.Context(), &eventbridge.DescribeReplayInput{ReplayName: awssdk.String("again")})
		if err != nil || d.State != types.ReplayStateCompleted || x.archived() != 1 {
			t.Errorf("got %+v, %v; %d archived", d, err, x.archived())
		}
	})
}

func TestAReplayTakesOnlyItsTimeAndItsRules(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, x *fixture) {
		x.archive("", 0)
		begin := time.Now()
		for range 3 {
			x.put(entry("A", `{}`))
			time.Sleep(time.Hour)
		}
		x.rule("one", `{"source":[{"prefix":"powerpole."}]}`, to("inbox"))
		x.rule("two", `{"source":[{"prefix":"powerpole."}]}`, to("dead"))
		in := replay("some", begin.Add(time.Minute), begin.Add(2*time.Hour), "arn:aws:events:us-east-1:000000000000:rule/powerpole/one")
		if _, err := x.api.StartReplay(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if a, b := len(x.received("inbox")), len(x.received("dead")); a != 2 || b != 0 {
			t.Errorf("the chosen rule got %d, the other %d", a, b)
		}
	})
}

func TestAReplayCanBeCancelled(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, x *fixture) {
		x.archive("", 0)
		begin := time.Now()
		for range 9 {
			x.put(entry("A", `{}`))
			time.Sleep(time.Minute)
		}
		x.rule("all", `{"source":[{"prefix":"powerpole."}]}`, to("inbox"))
		if _, err := x.api.StartReplay(t.Context(), replay("long", begin, begin.Add(time.Hour))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2500 * time.Millisecond)
		name := awssdk.String("long")
		if _, err := x.api.CancelReplay(t.Context(), &eventbridge.CancelReplayInput{ReplayName: name}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		d, err := x.api.DescribeReplay(t.Context(), &eventbridge.DescribeReplayInput{ReplayName: name})
		if n := len(x.received("inbox")); err != nil || d.State != types.ReplayStateCancelled || n != 3 {
			t.Errorf("%d delivered, %+v, %v", n, d, err)
		}
		if _, err := x.api.CancelReplay(t.Context(), &eventbridge.CancelReplayInput{ReplayName: name}); code(err) != "IllegalStatusException" {
			t.Errorf("a second time: %v", err)
		}
	})
}

func TestReplaysThatAWSRefuses(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, x *fixture) {
		x.archive("", 0)
		now := time.Now()
		elsewhere, backward, none, rule := replay("a", now.Add(-time.Hour), now), replay("b", now, now.Add(-time.Hour)), replay("c", now.Add(-time.Hour), now), replay("d", now.Add(-time.Hour), now, "arn:none")
		elsewhere.Destination.Arn = awssdk.String("arn:aws:events:us-east-1:000000000000:event-bus/default")
		none.EventSourceArn = awssdk.String("arn:aws:events:us-east-1:000000000000:archive/none")
		for in, want := range map[*eventbridge.StartReplayInput]string{
			elsewhere: "ValidationException", backward: "ValidationException", none: "ResourceNotFoundException", rule: "ResourceNotFoundException",
		} {
			if _, err := x.api.StartReplay(t.Context(), in); code(err) != want {
				t.Errorf("%s: %v, want %s", *in.ReplayName, err, want)
			}
		}
	})
}

func TestAnArchiveKeepsWhatItsPatternWantsForItsDays(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, x *fixture) {
		x.archive(`{"detail-type":["A"]}`, 2)
		x.put(entry("A", `{}`), entry("B", `{}`))
		if n := x.archived(); n != 1 {
			t.Errorf("%d kept", n)
		}
		time.Sleep(49 * time.Hour)
		if n := x.archived(); n != 0 {
			t.Errorf("%d kept after their days", n)
		}
		name := awssdk.String("kept")
		if _, err := x.api.UpdateArchive(t.Context(), &eventbridge.UpdateArchiveInput{ArchiveName: name, RetentionDays: awssdk.Int32(0)}); err != nil {
			t.Fatal(err)
		}
		x.put(entry("B", `{}`))
		list, err := x.api.ListArchives(t.Context(), &eventbridge.ListArchivesInput{EventSourceArn: awssdk.String(busARN)})
		if err != nil || len(list.Archives) != 1 || list.Archives[0].EventCount != 1 {
			t.Errorf("got %+v, %v", list, err)
		}
		if _, err := x.api.DeleteArchive(t.Context(), &eventbridge.DeleteArchiveInput{ArchiveName: name}); err != nil {
			t.Fatal(err)
		}
		if _, err := x.api.DescribeArchive(t.Context(), &eventbridge.DescribeArchiveInput{ArchiveName: name}); code(err) != "ResourceNotFoundException" {
			t.Errorf("got %v", err)
		}
	})
}

// BenchmarkPutEvents is one event to one queue, past 24 rules of others.
func BenchmarkPutEvents(b *testing.B) {
	s, err := aws.New(context.Background(), aws.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	q, api := sqs.NewFromConfig(s.Config()), eventbridge.NewFromConfig(s.Config())
	if _, err := q.CreateQueue(b.Context(), &sqs.CreateQueueInput{QueueName: awssdk.String("inbox")}); err != nil {
		b.Fatal(err)
	}
	for n := range 25 {
		name, pattern := fmt.Sprintf("r%d", n), fmt.Sprintf(`{"source":["powerpole.intake"],"detail-type":["T%d"],"replay-name":[{"exists":false}]}`, n)
		if _, err := api.PutRule(b.Context(), &eventbridge.PutRuleInput{Name: &name, EventPattern: &pattern}); err != nil {
			b.Fatal(err)
		}
		if _, err := api.PutTargets(b.Context(), &eventbridge.PutTargetsInput{Rule: &name, Targets: []types.Target{to("inbox")}}); err != nil {
			b.Fatal(err)
		}
	}
	e := entry("T7", `{"id":"x","request_id":"pp-1","version":1,"data":{"reason":"`+strings.Repeat("x", 600)+`"}}`)
	e.EventBusName = nil
	for b.Loop() {
		if _, err := api.PutEvents(b.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{e}}); err != nil {
			b.Fatal(err)
		}
	}
}
