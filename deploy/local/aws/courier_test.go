package aws_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/powerpole/powerpole/deploy/local/aws"
)

func TestACarrierDeliversAsOftenAsItLikes(t *testing.T) {
	t.Parallel()
	for _, times := range []int{0, 1, 3} {
		stack, err := aws.New(t.Context(), aws.Options{Carry: func(p aws.Parcel, deliver func() error) error {
			for range times {
				if err := deliver(); err != nil {
					return err
				}
			}
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		routeAll(t, stack, "powerpole", "powerpole-approval")
		source, kind, detail, bus := "powerpole.intake", "PersonChanged", "{}", "powerpole"
		_, err = eventbridge.NewFromConfig(stack.Config()).PutEvents(t.Context(), &eventbridge.PutEventsInput{
			Entries: []types.PutEventsRequestEntry{{Source: &source, DetailType: &kind, Detail: &detail, EventBusName: &bus}},
		})
		if err != nil {
			t.Fatal(err)
		}
		delivered := 0
		for _, body := range stack.SQS.Peek("powerpole-approval", 10) {
			if strings.Contains(body, kind) {
				delivered++
			}
		}
		if delivered != times {
			t.Errorf("carried %d times, delivered %d", times, delivered)
		}
		stack.Close()
	}
}

// routeAll makes a bus, a queue, and a rule that sends everything of ours to it.
func routeAll(t *testing.T, stack *aws.Stack, bus, queue string) {
	t.Helper()
	events, queues := eventbridge.NewFromConfig(stack.Config()), sqs.NewFromConfig(stack.Config())
	pattern, id := `{"source":[{"prefix":"powerpole."}]}`, "queue"
	_, err1 := events.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: &bus})
	_, err2 := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &queue})
	_, err3 := events.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: &queue, EventBusName: &bus, EventPattern: &pattern})
	arn := "arn:aws:sqs:us-east-1:000000000000:" + queue
	_, err4 := events.PutTargets(t.Context(), &eventbridge.PutTargetsInput{
		Rule: &queue, EventBusName: &bus, Targets: []types.Target{{Id: &id, Arn: &arn}},
	})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
}
