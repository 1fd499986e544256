package bootstrap_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	localaws "github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/pkg/bootstrap"
	"github.com/powerpole/powerpole/pkg/topology"
)

// state is what an account holds, as far as bootstrap is concerned.
type state struct {
	Rules  map[string]string // name → target's ARN
	Queues map[string]map[string]string
}

func read(t *testing.T, cfg aws.Config) state {
	t.Helper()
	s := state{map[string]string{}, map[string]map[string]string{}}
	events, queues := eventbridge.NewFromConfig(cfg), sqs.NewFromConfig(cfg)
	for _, r := range topology.Rules() {
		out, err := events.ListTargetsByRule(t.Context(), &eventbridge.ListTargetsByRuleInput{Rule: &r.Name, EventBusName: &r.Bus})
		if err != nil || len(out.Targets) != 1 {
			t.Fatalf("rule %s: %d targets, %v", r.Name, len(out.Targets), err)
		}
		s.Rules[r.Name] = aws.ToString(out.Targets[0].Arn)
	}
	list, err := queues.ListQueues(t.Context(), &sqs.ListQueuesInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range list.QueueUrls {
		out, err := queues.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
		if err != nil {
			t.Fatal(err)
		}
		for name := range out.Attributes {
			// A sweep's schedule may have put a message there meanwhile.
			if name == "LastModifiedTimestamp" || strings.HasPrefix(name, "ApproximateNumberOf") {
				delete(out.Attributes, name)
			}
		}
		s.Queues[url] = out.Attributes
	}
	return s
}

func TestRunningAgainChangesNothing(t *testing.T) {
	stack, err := localaws.New(t.Context(), localaws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer stack.Close()
	var first []string
	if err := bootstrap.New(stack.Config(), bootstrap.Options{Report: func(kind, name string) { first = append(first, kind+" "+name) }}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := read(t, stack.Config())
	var second []string
	if err := bootstrap.New(stack.Config(), bootstrap.Options{Report: func(kind, name string) { second = append(second, kind+" "+name) }}).Run(t.Context()); err != nil {
		t.Fatalf("running again: %v", err)
	}
	if diff := cmp.Diff(before, read(t, stack.Config())); diff != "" {
		t.Error("running again changed", diff)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error("running again reported otherwise", diff)
	}
	if want := 10; len(before.Queues) != want {
		t.Errorf("%d queues, want five and their dead-letter queues", len(before.Queues))
	}
}

func TestAChangedQueueIsBroughtBackToTheTopology(t *testing.T) {
	stack, err := localaws.New(t.Context(), localaws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer stack.Close()
	b := bootstrap.New(stack.Config(), bootstrap.Options{})
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := read(t, stack.Config())
	queues := sqs.NewFromConfig(stack.Config())
	url, err := queues.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("powerpole-reaper")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = queues.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
		QueueUrl: url.QueueUrl, Attributes: map[string]string{"VisibilityTimeout": "1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, read(t, stack.Config())); diff != "" {
		t.Error("bootstrap left", diff)
	}
}

func TestSweepsComeAsOftenAsAsked(t *testing.T) {
	t.Parallel()
	for every, want := range map[time.Duration]string{
		0: "rate(5 minutes)", time.Minute: "rate(1 minute)", 2 * time.Minute: "rate(2 minutes)", time.Second: "rate(1 minute)",
	} {
		stack, err := localaws.New(t.Context(), localaws.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer stack.Close()
		if err := bootstrap.New(stack.Config(), bootstrap.Options{SweepEvery: every}).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, err := scheduler.NewFromConfig(stack.Config()).GetSchedule(t.Context(), &scheduler.GetScheduleInput{
			Name: aws.String("powerpole-sweep-reaper"),
		})
		if err != nil || aws.ToString(got.ScheduleExpression) != want {
			t.Errorf("every %s: %q, want %q, %v", every, aws.ToString(got.ScheduleExpression), want, err)
		}
	}
}
