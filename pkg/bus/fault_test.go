package bus_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

// takes is a handler that takes that long, deaf to its context.
func (c *calls) takes(d time.Duration) handlePing {
	return func(context.Context, event.Typed[ping]) error {
		c.Add(1)
		time.Sleep(d)
		return nil
	}
}

func slow(c *bus.Config) { c.Timeout = time.Hour }

func TestAHeartbeatKeepsTheMessageOfASlowHandler(t *testing.T) {
	t.Parallel()
	var ran calls
	inBubble(t, slow, ran.takes(20*time.Minute), func(t *testing.T, f *fakeSQS, _ func()) {
		// Every other heartbeat fails at first.
		f.onEntry(func(op, _ string, n int) (string, bool) {
			if op == "Hide" && n%2 == 1 {
				return "InternalError", false
			}
			return "", false
		})
		f.put(pings(t, 3)...)
		after(time.Hour)
		ran.want(t, 3)
		if f.left() != 0 {
			t.Errorf("%d left", f.left())
		}
	})
}

func TestAHeartbeatAlsoKeepsWhatWaitsForAWorker(t *testing.T) {
	t.Parallel()
	var ran calls
	change := func(c *bus.Config) { c.Workers, c.Timeout = 1, time.Hour }
	inBubble(t, change, ran.takes(time.Minute), func(t *testing.T, f *fakeSQS, _ func()) {
		f.put(pings(t, 10)...)
		after(11 * time.Minute)
		ran.want(t, 10)
		if f.left() != 0 {
			t.Errorf("%d left", f.left())
		}
	})
}

func TestAHeartbeatNeverCutsALaterShort(t *testing.T) {
	t.Parallel()
	for name, takes := range map[string]time.Duration{
		"that overtakes it":         23 * time.Second,
		"that shares a batch of it": 22502 * time.Millisecond,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			laterAfter(t, takes)
		})
	}
}

// laterAfter has a handler ask for an hour just after its first heartbeat was
// due, which is slow to get through.
func laterAfter(t *testing.T, takes time.Duration) {
	t.Helper()
	var at []time.Time
	handle := func(context.Context, event.Typed[ping]) error {
		if at = append(at, time.Now()); len(at) == 1 {
			time.Sleep(takes)
			return bus.Later(time.Hour, errHandler)
		}
		return nil
	}
	inBubble(t, slow, handle, func(t *testing.T, f *fakeSQS, _ func()) {
		f.onCall(func(op string, n int) error {
			if op == "Hide" && n == 1 {
				time.Sleep(3 * time.Second)
			}
			return nil
		})
		f.put(pings(t, 1)...)
		after(2 * time.Hour)
		if len(at) != 2 || at[1].Sub(at[0]) < time.Hour {
			t.Errorf("handled at %v", at)
		}
	})
}

func TestAMessageDeliveredAgainInFlightIsHandledOnceAndDeletedByItsNewestHandle(t *testing.T) {
	t.Parallel()
	var ran calls
	inBubble(t, slow, ran.takes(10*time.Second), func(t *testing.T, f *fakeSQS, _ func()) {
		ids := f.put(pings(t, 1)...)
		after(time.Second)
		f.show(ids[0])
		after(time.Minute)
		ran.want(t, 1)
		if f.left() != 0 {
			t.Error("the message is left: an old handle was used")
		}
	})
}

func TestADeleteThatWasOvertakenByARedeliveryIsDoneAgain(t *testing.T) {
	t.Parallel()
	var ran calls
	inBubble(t, nil, ran.returning(nil), func(t *testing.T, f *fakeSQS, _ func()) {
		f.onCall(func(op string, n int) error {
			if op == "Delete" && n == 1 {
				f.show("m1")
				time.Sleep(time.Second)
			}
			return nil
		})
		f.put(pings(t, 1)...)
		after(10 * time.Second)
		ran.want(t, 1)
		if f.left() != 0 {
			t.Error("the message is left")
		}
	})
}

func TestADeleteThatFailsIsTriedAgainWithoutHandlingTwice(t *testing.T) {
	t.Parallel()
	var ran calls
	inBubble(t, nil, ran.returning(nil), func(t *testing.T, f *fakeSQS, _ func()) {
		f.onCall(func(op string, n int) error {
			if op == "Delete" && n == 1 {
				return errDown
			}
			return nil
		})
		f.onEntry(func(op, id string, n int) (string, bool) {
			if op == "Delete" && n == 1 && (id == "m2" || id == "m4") {
				return "InternalError", false
			}
			return "", false
		})
		f.put(pings(t, 5)...)
		after(10 * time.Second)
		ran.want(t, 5)
		if f.left() != 0 || f.count("Delete") != 3 {
			t.Errorf("%d left after %d calls", f.left(), f.count("Delete"))
		}
	})
}

func TestADeleteThatSQSRefusesForGoodLeavesTheMessageToComeAgain(t *testing.T) {
	t.Parallel()
	var ran calls
	inBubble(t, nil, ran.returning(nil), func(t *testing.T, f *fakeSQS, _ func()) {
		f.onEntry(func(op, _ string, n int) (string, bool) {
			if op == "Delete" && n == 1 {
				return "ReceiptHandleIsInvalid", true
			}
			return "", false
		})
		f.put(pings(t, 1)...)
		after(10 * time.Second)
		if f.count("Delete") != 1 {
			t.Errorf("%d deletes of a handle that is invalid", f.count("Delete"))
		}
		after(time.Minute)
		ran.want(t, 2)
		if f.left() != 0 {
			t.Error("the message is left")
		}
	})
}

func TestShutdownGivesBackWhatWasNotBegunAndFinishesTheRest(t *testing.T) {
	t.Parallel()
	var ran calls
	inBubble(t, func(c *bus.Config) { c.Workers = 1 }, ran.takes(10*time.Second), func(t *testing.T, f *fakeSQS, stop func()) {
		ids := f.put(pings(t, 5)...)
		after(time.Second)
		begin := time.Now()
		stop()
		ran.want(t, 1)
		if took := time.Since(begin); took < 9*time.Second || took > 10*time.Second {
			t.Errorf("shutdown took %s", took)
		}
		if !slices.Equal(f.gone(), ids[:1]) {
			t.Errorf("deleted %v", f.gone())
		}
		for _, id := range ids[1:] {
			if d := f.hiddenFor(id); d > 0 {
				t.Errorf("%s is hidden for another %s", id, d)
			}
		}
	})
}

func TestShutdownKeepsTheHeartbeatOfRunningHandlers(t *testing.T) {
	t.Parallel()
	var ran calls
	change := func(c *bus.Config) { c.Timeout, c.Grace = time.Hour, time.Hour }
	inBubble(t, change, ran.takes(10*time.Minute), func(t *testing.T, f *fakeSQS, stop func()) {
		ids := f.put(pings(t, 1)...)
		after(time.Second)
		go stop()
		for range 59 {
			after(10 * time.Second)
			if f.hiddenFor(ids[0]) <= 0 {
				t.Fatal("the message became visible while its handler ran")
			}
		}
		after(time.Minute)
		if f.left() != 0 {
			t.Error("the message is left")
		}
	})
}

func TestShutdownCancelsHandlersAfterGraceAndGivesTheirMessagesBack(t *testing.T) {
	t.Parallel()
	handle := func(ctx context.Context, _ event.Typed[ping]) error {
		<-ctx.Done()
		return ctx.Err()
	}
	change := func(c *bus.Config) { c.Timeout, c.Grace = time.Hour, 20*time.Second }
	inBubble(t, change, handle, func(t *testing.T, f *fakeSQS, stop func()) {
		ids := f.put(pings(t, 1)...)
		after(time.Second)
		begin := time.Now()
		stop()
		if took := time.Since(begin); took < 20*time.Second || took > 21*time.Second {
			t.Errorf("shutdown took %s", took)
		}
		if d := f.hiddenFor(ids[0]); d > 0 || len(f.parked()) != 0 || len(f.gone()) != 0 {
			t.Errorf("hidden for %s, %d parked, deleted %v", d, len(f.parked()), f.gone())
		}
	})
}

func TestShutdownEndsAlsoWhenSQSHangs(t *testing.T) {
	t.Parallel()
	var ran calls
	inBubble(t, nil, ran.returning(nil), func(t *testing.T, f *fakeSQS, stop func()) {
		f.onCall(func(op string, _ int) error {
			if op == "Delete" {
				return errDown
			}
			return nil
		})
		f.put(pings(t, 100)...)
		synctest.Wait()
		begin := time.Now()
		stop()
		if took := time.Since(begin); took > 40*time.Second {
			t.Errorf("shutdown took %s", took)
		}
	})
}

func TestMorePollersReceiveWhileThereIsALotAndOneAtRest(t *testing.T) {
	t.Parallel()
	var ran calls
	var mu sync.Mutex
	running, most := 0, 0
	count := func(by int) {
		mu.Lock()
		defer mu.Unlock()
		running += by
		most = max(most, running)
	}
	inBubble(t, nil, ran.takes(10*time.Millisecond), func(t *testing.T, f *fakeSQS, _ func()) {
		f.onCall(func(op string, _ int) error {
			if op == "Receive" {
				count(1)
				defer count(-1)
				time.Sleep(100 * time.Millisecond) // a slow network
			}
			return nil
		})
		f.put(pings(t, 200)...)
		after(time.Minute)
		ran.want(t, 200)
		if most != 4 {
			t.Errorf("at most %d received at once", most)
		}
		before := f.count("Receive")
		after(time.Hour)
		if n := f.count("Receive") - before; n > 181 {
			t.Errorf("%d receives in an hour of rest", n)
		}
	})
}
