package dlq_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/deploy/powerpole/dlq"
	"github.com/powerpole/powerpole/pkg/bootstrap"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/services/approval"
)

// world is everything that the topology names, in an embedded AWS.
type world struct {
	*dlq.Desk
	t      *testing.T
	stack  *aws.Stack
	queues *sqs.Client
}

// everything chooses all queues.
var everything = dlq.Choice{Limit: 1000}

func inBubble(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stack, err := aws.New(t.Context(), aws.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
		must(t, err)
		defer stack.Close()
		w := &world{t: t, stack: stack, queues: sqs.NewFromConfig(stack.Config())}
		w.bootstrap()
		requests, err := dlq.NewApprovalLog(dynamodb.NewFromConfig(stack.Config()))
		must(t, err)
		w.Desk = dlq.New(w.queues, requests)
		test(t, w)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) bootstrap() {
	w.t.Helper()
	must(w.t, bootstrap.New(w.stack.Config(), bootstrap.Options{}).Run(w.t.Context()))
}

func (w *world) url(queue string) *string {
	w.t.Helper()
	out, err := w.queues.GetQueueUrl(w.t.Context(), &sqs.GetQueueUrlInput{QueueName: &queue})
	must(w.t, err)
	return out.QueueUrl
}

func (w *world) send(queue, body string) {
	w.t.Helper()
	_, err := w.queues.SendMessage(w.t.Context(), &sqs.SendMessageInput{QueueUrl: w.url(queue), MessageBody: &body})
	must(w.t, err)
}

func (w *world) deleteQueue(queue string) {
	w.t.Helper()
	_, err := w.queues.DeleteQueue(w.t.Context(), &sqs.DeleteQueueInput{QueueUrl: w.url(queue)})
	must(w.t, err)
}

// list is what the desk lists; it must not fail.
func (w *world) list(c dlq.Choice) []dlq.Letter {
	w.t.Helper()
	letters, _, err := w.List(w.t.Context(), c)
	must(w.t, err)
	return letters
}

// only is the one dead letter of a service about that request, or empty for all
// that it has.
func (w *world) only(service, request string) dlq.Letter {
	w.t.Helper()
	letters := w.list(dlq.Choice{Queue: service, Request: request, Limit: 1000})
	if len(letters) != 1 {
		w.t.Fatalf("%s has the dead letters %+v, want one", service, letters)
	}
	return letters[0]
}

// endDue is the reaper's message about a request, as it is on the wire.
func endDue(t *testing.T, request string) string {
	t.Helper()
	e, err := event.New(event.About{Source: event.Reaper, RequestID: request}, event.EndDue{Generation: 1})
	must(t, err)
	b, err := json.Marshal(e)
	must(t, err)
	return string(b)
}

// reap runs the reaper's queue for a minute with that handler.
func (w *world) reap(handle func(event.Typed[event.EndDue]) error) {
	w.t.Helper()
	registry, err := event.All()
	must(w.t, err)
	router := bus.NewRouter(registry)
	must(w.t, bus.On(router, event.Reaper, func(_ context.Context, e event.Typed[event.EndDue]) error { return handle(e) }))
	reaper, _ := topology.Find("reaper")
	poller, err := bus.NewPoller(w.queues, router, bus.Config{
		QueueURL: *w.url(reaper.Queue()), DeadQueueURL: *w.url(reaper.DeadQueue()), MaxReceive: reaper.MaxReceive,
		Logger: slog.New(slog.DiscardHandler),
	})
	must(w.t, err)
	ctx, stop := context.WithTimeout(w.t.Context(), time.Minute)
	defer stop()
	must(w.t, poller.Run(ctx))
}

// logged writes rows into approval's log.
func (w *world) logged(request string, kinds ...approval.Kind) {
	w.t.Helper()
	db := dynamodb.NewFromConfig(w.stack.Config())
	log, err := store.NewLog[approval.Entry](db, "powerpole-approval", event.Approval, deaf{})
	must(w.t, err)
	for _, k := range kinds {
		rows, err := log.Load(w.t.Context(), request)
		must(w.t, err)
		must(w.t, log.Append(w.t.Context(), request, rows, event.Header{}, approval.Entry{Kind: k}))
	}
}

// deaf takes every event.
type deaf struct{}

func (deaf) Publish(context.Context, ...event.Event) error { return nil }
