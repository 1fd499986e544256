package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"go.uber.org/goleak"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ping is the event of these tests.
type ping struct {
	N int `json:"n"`
}

func (ping) EventType() string { return "Ping" }
func (ping) EventVersion() int { return 2 }
func (p ping) Validate() error {
	if p.N < 0 {
		return errors.New("n is negative")
	}
	return nil
}

// oldPing is the same in a version that nobody handles.
type oldPing struct{ ping }

func (oldPing) EventVersion() int { return 1 }

// pong is a known type that is not for the service.
type pong struct{ ping }

func (pong) EventType() string { return "Pong" }

// due is a message of the scheduler.
type due struct{ ping }

func (due) EventType() string { return "PingDue" }

func registry(t testing.TB) *event.Registry {
	t.Helper()
	r := event.NewRegistry()
	all := []event.Source{event.Intake}
	err := errors.Join(
		event.Register[ping](r, "", append(all, event.Approval), event.NoRequest()),
		event.Register[oldPing](r, "", all, event.NoRequest()),
		event.Register[pong](r, "", all, event.NoRequest()),
		event.Register[due](r, "", all, event.NoRequest(), event.Private()),
	)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func newPing(t testing.TB, n int) event.Event {
	t.Helper()
	return newEvent(t, ping{N: n}, n)
}

func newEvent(t testing.TB, data event.Data, n int) event.Event {
	t.Helper()
	e, err := event.New(event.About{Source: event.Intake, Discriminator: fmt.Sprint(n)}, data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// body is the event as EventBridge puts it into a queue.
func body(t testing.TB, e event.Event) string {
	t.Helper()
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func pings(t testing.TB, n int) []string {
	t.Helper()
	var out []string
	for i := range n {
		out = append(out, body(t, newPing(t, i)))
	}
	return out
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func config() bus.Config {
	return bus.Config{QueueURL: queueURL, DeadQueueURL: deadURL, MaxReceive: 4, Logger: quiet()}
}

type handlePing = func(context.Context, event.Typed[ping]) error

func router(t testing.TB, handle handlePing) *bus.Router {
	t.Helper()
	r := bus.NewRouter(registry(t))
	if err := bus.On(r, event.Intake, handle); err != nil {
		t.Fatal(err)
	}
	return r
}

// inBubble runs a poller over the fake in virtual time, calls then, and stops
// the poller.
func inBubble(t *testing.T, change func(*bus.Config), handle handlePing, then func(t *testing.T, f *fakeSQS, stop func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := config()
		if change != nil {
			change(&c)
		}
		f := newFake()
		p, err := bus.NewPoller(f, router(t, handle), c)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		start := func() { go func() { done <- p.Run(ctx) }() }
		stop := func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run: %v", err)
			}
			done <- nil
		}
		start()
		then(t, f, stop)
		stop()
	})
}

// after lets virtual time pass and everything settle.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func attributeOf(m sqs.SendMessageInput, name string) string {
	return aws.ToString(m.MessageAttributes[name].StringValue)
}

func contains(s, part string) bool { return strings.Contains(s, part) }
