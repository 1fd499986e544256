package bus_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

const queueARN = "arn:aws:sqs:us-east-1:1:powerpole-test"

func lambda(t *testing.T, f *fakeSQS, change func(*bus.Config), handle handlePing) bus.LambdaHandler {
	t.Helper()
	c := config()
	if change != nil {
		change(&c)
	}
	h, err := bus.Lambda(f, router(t, handle), c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// invoke receives from the fake as Lambda's pollers do, calls the handler, and
// deletes what it did not report as failed.
func invoke(ctx context.Context, t *testing.T, f *fakeSQS, h bus.LambdaHandler) []string {
	t.Helper()
	out, err := f.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{MaxNumberOfMessages: 10, VisibilityTimeout: 45})
	if err != nil {
		t.Fatal(err)
	}
	var batch events.SQSEvent
	for _, m := range out.Messages {
		batch.Records = append(batch.Records, events.SQSMessage{
			MessageId: *m.MessageId, ReceiptHandle: *m.ReceiptHandle, Body: *m.Body, Attributes: m.Attributes,
			EventSource: "aws:sqs", EventSourceARN: queueARN,
		})
	}
	response, err := h(ctx, batch)
	if err != nil {
		t.Fatal(err)
	}
	failed := map[string]bool{}
	var ids []string
	for _, b := range response.BatchItemFailures {
		failed[b.ItemIdentifier] = true
		ids = append(ids, b.ItemIdentifier)
	}
	for i, r := range batch.Records {
		if !failed[r.MessageId] {
			f.entry("Delete", strconv.Itoa(i), r.ReceiptHandle, f.remove)
		}
	}
	return ids
}

func TestLambdaCarriesOutTheSameVerdicts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handle := func(_ context.Context, e event.Typed[ping]) error {
			switch e.Data.N {
			case 1:
				return errHandler
			case 2:
				return bus.Later(10*time.Minute, errHandler)
			case 3:
				return bus.Terminal(errHandler)
			case 4:
				panic("x")
			default:
				return nil
			}
		}
		f := newFake()
		ids := f.put(append(pings(t, 5), "not json", foreign("com.other", "x", 1, ""))...)
		failed := invoke(t.Context(), t, f, lambda(t, f, nil, handle))
		if fmt.Sprint(failed) != fmt.Sprint([]string{ids[1], ids[2], ids[4]}) {
			t.Errorf("failed: %v of %v", failed, ids)
		}
		if f.left() != 3 || len(f.parked()) != 2 {
			t.Errorf("%d left, %d parked", f.left(), len(f.parked()))
		}
		if d := f.hiddenFor(ids[2]); d != 10*time.Minute {
			t.Errorf("the later one is hidden for %s", d)
		}
		for _, id := range []string{ids[1], ids[4]} {
			if d := f.hiddenFor(id); d < 0 || d > time.Second {
				t.Errorf("%s is hidden for %s", id, d)
			}
		}
	})
}

func TestLambdaParksAfterExactlyMaxReceive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ran calls
		f := newFake()
		f.put(pings(t, 1)...)
		h := lambda(t, f, nil, ran.returning(errHandler))
		for range 10 {
			invoke(t.Context(), t, f, h)
			time.Sleep(time.Hour)
		}
		ran.want(t, 4)
		if len(f.parked()) != 1 || f.left() != 0 {
			t.Errorf("%d parked, %d left", len(f.parked()), f.left())
		}
	})
}

func TestLambdaReportsWhatItCouldNotPark(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.onCall(func(op string, _ int) error {
			if op == "Send" {
				return errDown
			}
			return nil
		})
		ids := f.put(pings(t, 1)...)
		failed := invoke(t.Context(), t, f, lambda(t, f, nil, new(calls).returning(bus.Terminal(errHandler))))
		if fmt.Sprint(failed) != fmt.Sprint(ids) || f.left() != 1 {
			t.Errorf("failed %v, %d left", failed, f.left())
		}
	})
}

func TestLambdaRunsABatchSideBySideAndBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.put(pings(t, 10)...)
		begin := time.Now()
		h := lambda(t, f, func(c *bus.Config) { c.Workers = 5 }, new(calls).takes(10*time.Second))
		if failed := invoke(t.Context(), t, f, h); len(failed) != 0 || time.Since(begin) != 20*time.Second {
			t.Errorf("failed %v after %s", failed, time.Since(begin))
		}
	})
}

func TestLambdaKeepsTimeToSettleBeforeItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		ids := f.put(pings(t, 1)...)
		handle := func(ctx context.Context, _ event.Typed[ping]) error {
			<-ctx.Done()
			return ctx.Err()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		failed := invoke(ctx, t, f, lambda(t, f, nil, handle))
		if fmt.Sprint(failed) != fmt.Sprint(ids) || ctx.Err() != nil || f.hiddenFor(ids[0]) > 0 {
			t.Errorf("failed %v, deadline %v, hidden for %s", failed, ctx.Err(), f.hiddenFor(ids[0]))
		}
	})
}

func TestLambdaRefusesAsAWholeWhatIsNotOfItsQueue(t *testing.T) {
	t.Parallel()
	good := events.SQSMessage{
		MessageId: "m", ReceiptHandle: "r", EventSource: "aws:sqs", EventSourceARN: queueARN, Body: body(t, newPing(t, 1)),
	}
	cases := map[string]func(*events.SQSMessage){
		"no SQS":            func(m *events.SQSMessage) { m.EventSource = "aws:sns" },
		"another queue":     func(m *events.SQSMessage) { m.EventSourceARN += "2" },
		"no message id":     func(m *events.SQSMessage) { m.MessageId = "" },
		"no receipt handle": func(m *events.SQSMessage) { m.ReceiptHandle = "" },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ran calls
			bad := good
			change(&bad)
			h := lambda(t, newFake(), nil, ran.returning(nil))
			if _, err := h(t.Context(), events.SQSEvent{Records: []events.SQSMessage{good, bad}}); err == nil {
				t.Error("no error")
			}
			ran.want(t, 0)
		})
	}
}

func TestConfigurationsThatCannotWorkAreRefusedWithAllTheirFaults(t *testing.T) {
	t.Parallel()
	_, err := bus.NewPoller(newFake(), router(t, new(calls).returning(nil)), bus.Config{
		Workers: -1, Visibility: 24 * time.Hour, Timeout: -1, Grace: -1,
	})
	for _, part := range []string{"queue's URL", "dead-letter queue's URL", "receive limit", "workers", "visibility", "timeout", "grace"} {
		if err == nil || !contains(err.Error(), part) {
			t.Errorf("%q is not in %v", part, err)
		}
	}
	c := config()
	c.DeadQueueURL = c.QueueURL
	if _, err := bus.NewPoller(newFake(), router(t, new(calls).returning(nil)), c); err == nil {
		t.Error("a queue may be its own dead-letter queue")
	}
	c = config()
	c.Timeout = time.Minute
	if _, err := bus.Lambda(newFake(), router(t, new(calls).returning(nil)), c); err == nil {
		t.Error("a handler in Lambda may outlive its message's visibility")
	}
}

func TestAKindHasOneHandlerAndIsKnown(t *testing.T) {
	t.Parallel()
	r := router(t, new(calls).returning(nil))
	if err := bus.On(r, event.Intake, new(calls).returning(nil)); err == nil {
		t.Error("a second handler is no error")
	}
	if err := bus.On(r, event.Reaper, new(calls).returning(nil)); err == nil {
		t.Error("a kind that the registry does not know is no error")
	}
}

func TestAServicesOwnMiddlewareIsAroundItsHandlersOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var order []string
		named := func(name string) bus.Middleware {
			return func(next bus.Handler) bus.Handler {
				return func(ctx context.Context, e event.Event, data event.Data) error {
					order = append(order, name)
					return next(ctx, e, data)
				}
			}
		}
		r := bus.NewRouter(registry(t), named("first"), named("second"))
		if err := bus.On(r, event.Intake, new(calls).returning(nil)); err != nil {
			t.Fatal(err)
		}
		f := newFake()
		h, err := bus.Lambda(f, r, config())
		if err != nil {
			t.Fatal(err)
		}
		f.put(append(pings(t, 1), "not json")...)
		invoke(t.Context(), t, f, h)
		if fmt.Sprint(order) != "[first second]" {
			t.Errorf("order is %v", order)
		}
	})
}
