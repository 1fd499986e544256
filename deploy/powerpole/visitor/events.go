package visitor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/topology"
)

// tapPrefix begins the names of queue and rule; AWS does not give a deleted
// queue's name out again for a minute.
const tapPrefix = "powerpole-tap-"

// Tap is a queue of its own behind a rule of its own: it sees every event that
// passes the bus.
type Tap struct {
	queues *sqs.Client
	events *eventbridge.Client
	name   string
	url    string
	// Seen is all that has been received, as it came.
	Seen []Seen
}

// Seen is an event, and when it was received.
type Seen struct {
	event.Event
	At time.Time
}

// OpenTap makes queue and rule; Close removes them.
func OpenTap(ctx context.Context, cfg aws.Config) (*Tap, error) {
	t := &Tap{queues: sqs.NewFromConfig(cfg), events: eventbridge.NewFromConfig(cfg), name: tapPrefix + strings.ToLower(rand.Text()[:8])}
	made, err := t.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &t.name})
	if err != nil {
		return nil, fmt.Errorf("listening to the bus: %w", err)
	}
	t.url = aws.ToString(made.QueueUrl)
	attributes, err := t.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &t.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return nil, fmt.Errorf("listening to the bus: %w", err)
	}
	_, err = t.events.PutRule(ctx, &eventbridge.PutRuleInput{
		Name: &t.name, EventBusName: aws.String(topology.BusName),
		EventPattern: aws.String(`{"source":[{"prefix":"powerpole."}],"replay-name":[{"exists":false}]}`),
	})
	if err != nil {
		return nil, fmt.Errorf("listening to the bus: %w", err)
	}
	_, err = t.events.PutTargets(ctx, &eventbridge.PutTargetsInput{
		Rule: &t.name, EventBusName: aws.String(topology.BusName),
		Targets: []ebtypes.Target{{Id: aws.String("queue"), Arn: aws.String(attributes.Attributes["QueueArn"])}},
	})
	if err != nil {
		return nil, fmt.Errorf("listening to the bus: %w", err)
	}
	return t, nil
}

// Close removes the rule and the queue.
func (t *Tap) Close(ctx context.Context) error {
	_, err1 := t.events.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{
		Rule: &t.name, EventBusName: aws.String(topology.BusName), Ids: []string{"queue"},
	})
	_, err2 := t.events.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: &t.name, EventBusName: aws.String(topology.BusName)})
	_, err3 := t.queues.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &t.url})
	return errors.Join(err1, err2, err3)
}

// Wait returns the first event of a type about the request.
func (t *Tap) Wait(ctx context.Context, requestID, typ string) (Seen, error) {
	for {
		for _, s := range t.Seen {
			if s.Type == typ && s.Detail.RequestID == requestID {
				return s, nil
			}
		}
		if err := t.Receive(ctx); err != nil {
			return Seen{}, fmt.Errorf("waiting for %s of %s: %w", typ, requestID, err)
		}
	}
}

// Receive waits up to a second for more events and adds them to Seen. An answer
// that is lost hides its events for their visibility, which must not be as long as
// a lease is.
func (t *Tap) Receive(ctx context.Context) error {
	out, err := t.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &t.url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, VisibilityTimeout: 2,
	})
	if err != nil {
		return err
	}
	for _, m := range out.Messages {
		r, err := event.Parse([]byte(aws.ToString(m.Body)))
		if err != nil {
			return err
		}
		t.Seen = append(t.Seen, Seen{r.Event, time.Now()})
		if _, err := t.queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &t.url, ReceiptHandle: m.ReceiptHandle}); err != nil {
			return err
		}
	}
	return nil
}
