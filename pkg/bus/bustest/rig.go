package bustest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/uuid"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

// MaxReceive is the rig's receive limit.
const MaxReceive = 3

// Probe is the rig's event.
type Probe struct {
	N int `json:"n"`
}

// EventType is the name on the wire.
func (Probe) EventType() string { return "Probe" }

// EventVersion is the version on the wire.
func (Probe) EventVersion() int { return 1 }

// Validate implements event.Data.
func (p Probe) Validate() error {
	if p.N < 0 {
		return errors.New("n is negative")
	}
	return nil
}

// Rig is a bus with a rule to a queue, and the queue's dead-letter queue.
type Rig struct {
	SQS                    *sqs.Client
	EventBridge            *eventbridge.Client
	Bus                    string
	QueueURL, DeadQueueURL string
	Source                 event.Source
	Registry               *event.Registry
	Publisher              *bus.Publisher
}

// NewRig builds a rig that goes away with the test.
func NewRig(t testing.TB, cfg aws.Config) *Rig {
	t.Helper()
	r := &Rig{
		SQS: sqs.NewFromConfig(cfg), EventBridge: eventbridge.NewFromConfig(cfg),
		Bus: "powerpole-conformance-" + uuid.NewString()[:8], Source: event.Intake, Registry: event.NewRegistry(),
	}
	t.Cleanup(func() { r.remove(t) })
	ok(t, event.Register[Probe](r.Registry, "a probe", []event.Source{r.Source}, event.NoRequest()))
	_, err := r.EventBridge.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: aws.String(r.Bus)})
	ok(t, err)
	r.DeadQueueURL = r.queue(t, r.Bus+"-dlq", nil)
	redrive, err := json.Marshal(map[string]any{
		"deadLetterTargetArn": r.arn(t, r.DeadQueueURL), "maxReceiveCount": MaxReceive + 1,
	})
	ok(t, err)
	r.QueueURL = r.queue(t, r.Bus, map[string]string{"RedrivePolicy": string(redrive), "VisibilityTimeout": "30"})
	r.route(t)
	r.Publisher, err = bus.NewPublisher(r.EventBridge, r.Bus, r.Source, r.Registry)
	ok(t, err)
	return r
}

func (r *Rig) queue(t testing.TB, name string, attributes map[string]string) string {
	t.Helper()
	out, err := r.SQS.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: attributes})
	ok(t, err)
	return *out.QueueUrl
}

func (r *Rig) arn(t testing.TB, url string) string {
	t.Helper()
	return r.attributes(t, url, types.QueueAttributeNameQueueArn)["QueueArn"]
}

func (r *Rig) attributes(t testing.TB, url string, names ...types.QueueAttributeName) map[string]string {
	t.Helper()
	out, err := r.SQS.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: aws.String(url), AttributeNames: names})
	ok(t, err)
	return out.Attributes
}

// route lets the bus's rule, and nobody else's, send to the queue.
func (r *Rig) route(t testing.TB) {
	t.Helper()
	arn := r.arn(t, r.QueueURL)
	rule, err := r.EventBridge.PutRule(t.Context(), &eventbridge.PutRuleInput{
		Name: aws.String(r.Bus), EventBusName: aws.String(r.Bus),
		EventPattern: aws.String(fmt.Sprintf(`{"source":[%q]}`, r.Source)),
	})
	ok(t, err)
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},`+
		`"Action":"sqs:SendMessage","Resource":%q,"Condition":{"ArnEquals":{"aws:SourceArn":%q}}}]}`, arn, *rule.RuleArn)
	_, err = r.SQS.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
		QueueUrl: aws.String(r.QueueURL), Attributes: map[string]string{"Policy": policy},
	})
	ok(t, err)
	targets, err := r.EventBridge.PutTargets(t.Context(), &eventbridge.PutTargetsInput{
		Rule: aws.String(r.Bus), EventBusName: aws.String(r.Bus),
		Targets: []ebtypes.Target{{Id: aws.String("queue"), Arn: aws.String(arn)}},
	})
	ok(t, err)
	if targets.FailedEntryCount != 0 {
		t.Fatalf("the rule's target was refused: %s", *targets.FailedEntries[0].ErrorCode)
	}
}

// remove deletes what is there. The test's own context has ended by now.
func (r *Rig) remove(t testing.TB) {
	ctx := context.Background()
	name := aws.String(r.Bus)
	_, errTargets := r.EventBridge.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: name, EventBusName: name, Ids: []string{"queue"}})
	_, errRule := r.EventBridge.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: name, EventBusName: name})
	_, errBus := r.EventBridge.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: name})
	_, errQueue := r.SQS.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: aws.String(r.QueueURL)})
	_, errDead := r.SQS.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: aws.String(r.DeadQueueURL)})
	if err := errors.Join(errTargets, errRule, errBus, errQueue, errDead); err != nil {
		t.Errorf("removing the rig: %v", err)
	}
}

// Config is a poller's configuration for the rig's queues, with a visibility
// short enough to be waited out.
func (r *Rig) Config() bus.Config {
	return bus.Config{
		QueueURL: r.QueueURL, DeadQueueURL: r.DeadQueueURL, MaxReceive: MaxReceive,
		Visibility: 2 * time.Second, Timeout: time.Minute, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// Handle is a handler of probes.
type Handle func(ctx context.Context, e event.Typed[Probe]) error

// Router returns a router with that handler.
func (r *Rig) Router(t testing.TB, handle Handle) *bus.Router {
	t.Helper()
	router := bus.NewRouter(r.Registry)
	ok(t, bus.On(router, r.Source, handle))
	return router
}

// Start runs a poller on the rig's queue until stop, or the end of the test,
// and returns a spy on its calls.
func (r *Rig) Start(t testing.TB, c bus.Config, handle Handle) (s *Spy, stop func()) {
	t.Helper()
	s = &Spy{Client: r.SQS, received: map[string]int{}}
	p, err := bus.NewPoller(s, r.Router(t, handle), c)
	ok(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := p.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return s, stop
}

// Probe makes the n-th event.
func (r *Rig) Probe(t testing.TB, n int) event.Event {
	t.Helper()
	e, err := event.New(event.About{Source: r.Source, Discriminator: fmt.Sprint(n)}, Probe{n})
	ok(t, err)
	return e
}

// Publish puts the probes of these numbers on the bus.
func (r *Rig) Publish(t testing.TB, numbers ...int) {
	t.Helper()
	events := make([]event.Event, len(numbers))
	for i, n := range numbers {
		events[i] = r.Probe(t, n)
	}
	ok(t, r.Publisher.Publish(t.Context(), events...))
}

// Parked waits for n messages in the dead-letter queue.
func (r *Rig) Parked(t testing.TB, n int) []types.Message {
	t.Helper()
	return r.receive(t, r.DeadQueueURL, n)
}

// receive takes n different messages out of a queue and hides them for a while.
// An answer that got lost on its way is waited for: its messages come again.
func (r *Rig) receive(t testing.TB, url string, n int) (got []types.Message) {
	t.Helper()
	seen := map[string]bool{}
	for deadline := time.Now().Add(time.Minute); len(got) < n && time.Now().Before(deadline); {
		out, err := r.SQS.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(url), MaxNumberOfMessages: 10, WaitTimeSeconds: 5, VisibilityTimeout: 20,
			MessageAttributeNames:       []string{"All"},
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		})
		ok(t, err)
		for _, m := range out.Messages {
			if !seen[*m.MessageId] {
				seen[*m.MessageId] = true
				got = append(got, m)
			}
		}
	}
	if len(got) != n {
		t.Fatalf("%d messages in %s, want %d", len(got), url, n)
	}
	return got
}

// Empty waits until nothing is left in the queue, hidden or not.
func (r *Rig) Empty(t testing.TB) {
	t.Helper()
	var left map[string]string
	for range 60 {
		left = r.attributes(t, r.QueueURL, types.QueueAttributeNameApproximateNumberOfMessages,
			types.QueueAttributeNameApproximateNumberOfMessagesNotVisible)
		if left["ApproximateNumberOfMessages"] == "0" && left["ApproximateNumberOfMessagesNotVisible"] == "0" {
			return
		}
		time.Sleep(time.Second) // virtual, or an endpoint that counts only approximately
	}
	t.Fatalf("left in the queue: %v", left)
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
