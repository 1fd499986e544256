package bus_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

var errHandler = errors.New("the database is away")

// calls counts how often a handler ran.
type calls struct{ atomic.Int32 }

func (c *calls) returning(err error) handlePing {
	return func(context.Context, event.Typed[ping]) error {
		c.Add(1)
		return err
	}
}

func (c *calls) want(t *testing.T, n int) {
	t.Helper()
	if got := int(c.Load()); got != n {
		t.Errorf("the handler ran %d times, want %d", got, n)
	}
}

func TestHandledMessagesAreDeletedInBatches(t *testing.T) {
	t.Parallel()
	var ran calls
	inBubble(t, nil, ran.returning(nil), func(t *testing.T, f *fakeSQS, _ func()) {
		f.put(pings(t, 100)...)
		after(time.Second)
		ran.want(t, 100)
		if n := f.left(); n != 0 {
			t.Errorf("%d messages are left", n)
		}
		if n := f.count("Delete"); n < 10 || n > 14 {
			t.Errorf("100 deletes took %d calls", n)
		}
	})
}

func TestAQuietPollerRestsBetweenEmptyReceivesUntilAMessageComes(t *testing.T) {
	t.Parallel()
	var ran calls
	quiet := new(bus.Quiet)
	rests := func(c *bus.Config) { c.Quiet, c.Rest = quiet, 10*time.Second }
	inBubble(t, rests, ran.returning(nil), func(t *testing.T, f *fakeSQS, _ func()) {
		hour := func() int {
			before := f.count("Receive")
			after(time.Hour)
			return f.count("Receive") - before
		}
		if n := hour(); n < 179 {
			t.Errorf("%d receives in an hour before it was quiet", n)
		}
		quiet.Declare(quiet.Heard())
		if n := hour(); n < 119 || n > 121 {
			t.Errorf("%d receives in a quiet hour", n)
		}
		f.put(pings(t, 1)...)
		after(11 * time.Second)
		ran.want(t, 1)
		if n := hour(); n < 179 {
			t.Errorf("%d receives in an hour after a message had come", n)
		}
		before := quiet.Heard()
		f.put(pings(t, 1)...)
		after(time.Minute)
		quiet.Declare(before)
		if n := hour(); n < 179 {
			t.Errorf("%d receives in an hour though a message came while the sweep looked", n)
		}
	})
}

func TestAtRestAServiceCallsSQSFewerThan200TimesAnHour(t *testing.T) {
	t.Parallel()
	var ran calls
	inBubble(t, nil, ran.returning(nil), func(t *testing.T, f *fakeSQS, _ func()) {
		after(time.Hour)
		if n := f.count("Receive"); n < 170 || n >= 200 {
			t.Errorf("%d receives in an hour", n)
		}
		for _, op := range []string{"Delete", "Hide", "Send"} {
			if n := f.count(op); n != 0 {
				t.Errorf("%d times %s at rest", n, op)
			}
		}
	})
}

func TestAnErrorIsNeverDeletedAndParkedAfterExactlyMaxReceive(t *testing.T) {
	t.Parallel()
	var ran calls
	inBubble(t, nil, ran.returning(errHandler), func(t *testing.T, f *fakeSQS, _ func()) {
		f.put(pings(t, 1)...)
		after(3 * time.Second)
		if len(f.gone()) != 0 {
			t.Error("a message was deleted though its handler failed")
		}
		after(time.Hour)
		ran.want(t, 4)
		dead := f.parked()
		if len(dead) != 1 || f.left() != 0 {
			t.Fatalf("%d parked, %d left", len(dead), f.left())
		}
		if got, want := attributeOf(dead[0], bus.AttributeReason), "received 4 times, the last time: "+errHandler.Error(); got != want {
			t.Errorf("reason is %q, want %q", got, want)
		}
		if got := attributeOf(dead[0], bus.AttributeReceiveCount); got != "4" {
			t.Errorf("receive count is %q", got)
		}
	})
}

func TestLaterHidesTheSameMessageForExactlyThatLong(t *testing.T) {
	t.Parallel()
	var at []time.Time
	handle := func(context.Context, event.Typed[ping]) error {
		at = append(at, time.Now())
		if len(at) == 1 {
			return bus.Later(10*time.Minute, errHandler)
		}
		return nil
	}
	inBubble(t, nil, handle, func(t *testing.T, f *fakeSQS, _ func()) {
		ids := f.put(pings(t, 1)...)
		after(time.Hour)
		if len(at) != 2 || at[1].Sub(at[0]) < 10*time.Minute || at[1].Sub(at[0]) > 10*time.Minute+time.Second {
			t.Errorf("handled at %v", at)
		}
		if !slices.Equal(f.gone(), ids) || len(f.parked()) != 0 {
			t.Errorf("deleted %v of %v, parked %d", f.gone(), ids, len(f.parked()))
		}
	})
}

func TestTerminalIsParkedAtOnceWithItsReason(t *testing.T) {
	t.Parallel()
	var ran calls
	reason := errors.New("the warrant\nis\x00 forged")
	inBubble(t, nil, ran.returning(bus.Terminal(reason)), func(t *testing.T, f *fakeSQS, _ func()) {
		bodies := pings(t, 1)
		f.put(bodies...)
		after(time.Second)
		ran.want(t, 1)
		dead := f.parked()
		if len(dead) != 1 || f.left() != 0 {
			t.Fatalf("%d parked, %d left", len(dead), f.left())
		}
		if *dead[0].MessageBody != bodies[0] {
			t.Error("the body changed")
		}
		for name, want := range map[string]string{
			bus.AttributeReason: "terminal: the warrant is  forged", bus.AttributeSourceQueue: "powerpole-test",
			bus.AttributeType: "Ping", bus.AttributeOutcome: "terminal", bus.AttributeRequestID: "unknown",
			bus.AttributeParkedAt: time.Now().UTC().Add(-time.Second).Format(time.RFC3339),
		} {
			if got := attributeOf(dead[0], name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	})
}

func TestAMessageWhoseParkingFailsIsKept(t *testing.T) {
	t.Parallel()
	var ran calls
	inBubble(t, nil, ran.returning(bus.Terminal(errHandler)), func(t *testing.T, f *fakeSQS, _ func()) {
		f.onCall(func(op string, n int) error {
			if op == "Send" && n <= 6 {
				return errDown
			}
			return nil
		})
		f.put(pings(t, 1)...)
		after(time.Hour)
		// Four times by the handler; afterwards it is over the limit and parked
		// without asking it again.
		ran.want(t, 4)
		if len(f.parked()) != 1 || f.left() != 0 {
			t.Errorf("%d parked, %d left", len(f.parked()), f.left())
		}
	})
}

func TestPoisonStopsNobodyElse(t *testing.T) {
	t.Parallel()
	var ran calls
	handle := func(ctx context.Context, e event.Typed[ping]) error {
		if e.Data.N == 0 {
			panic("a secret value")
		}
		return ran.returning(nil)(ctx, e)
	}
	inBubble(t, func(c *bus.Config) { c.Workers = 1 }, handle, func(t *testing.T, f *fakeSQS, _ func()) {
		f.put(append([]string{"{", `{"source":"x"}`, ""}, pings(t, 20)...)...)
		after(time.Second)
		ran.want(t, 19)
		after(time.Hour)
		if len(f.parked()) != 4 || f.left() != 0 {
			t.Errorf("%d parked, %d left", len(f.parked()), f.left())
		}
		for _, d := range f.parked() {
			if r := attributeOf(d, bus.AttributeReason); r == "" || contains(r, "secret") {
				t.Errorf("reason is %q", r)
			}
		}
	})
}

func TestAHandlerThatRunsOutOfTimeIsCancelledAndAskedAgain(t *testing.T) {
	t.Parallel()
	var ran calls
	handle := func(ctx context.Context, _ event.Typed[ping]) error {
		if ran.Add(1) > 1 {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}
	inBubble(t, nil, handle, func(t *testing.T, f *fakeSQS, _ func()) {
		f.put(pings(t, 1)...)
		after(29 * time.Second)
		ran.want(t, 1)
		after(5 * time.Second)
		ran.want(t, 2)
		if f.left() != 0 {
			t.Error("the message is left")
		}
	})
}

func TestReceiveErrorsNeverEndThePoller(t *testing.T) {
	t.Parallel()
	var ran calls
	inBubble(t, nil, ran.returning(nil), func(t *testing.T, f *fakeSQS, _ func()) {
		f.onCall(func(op string, n int) error {
			if op == "Receive" && n <= 50 {
				return errDown
			}
			return nil
		})
		f.put(pings(t, 3)...)
		after(time.Minute)
		if n := f.count("Receive"); n > 12 {
			t.Errorf("%d receives in a minute of failure", n)
		}
		after(time.Hour)
		ran.want(t, 3)
	})
}
