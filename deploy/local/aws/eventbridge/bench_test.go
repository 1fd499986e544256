package eventbridge_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/powerpole/powerpole/deploy/local/aws"
)

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
