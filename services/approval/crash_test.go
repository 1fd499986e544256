package approval_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
	"github.com/powerpole/powerpole/services/approval"
)

// mortalBus and mortalClock are the bus and the scheduler of a process that may
// die.
type mortalBus struct {
	*servicetest.Mortal
	*servicetest.Outbox
}

func (b mortalBus) Publish(ctx context.Context, events ...event.Event) error {
	return b.Through(func() error { return b.Outbox.Publish(ctx, events...) })
}

type mortalClock struct {
	*servicetest.Mortal
	*clock
}

func (c mortalClock) Once(ctx context.Context, name string, at time.Time, e event.Event) error {
	return c.Through(func() error { return c.clock.Once(ctx, name, at, e) })
}

func (c mortalClock) Delete(ctx context.Context, name string) error {
	return c.Through(func() error { return c.clock.Delete(ctx, name) })
}

// TestADeathAtAnyCallLeavesEverythingDoneOnce kills approval at every call that
// it makes on the road of one request, before and after the call's effect.
func TestADeathAtAnyCallLeavesEverythingDoneOnce(t *testing.T) {
	t.Parallel()
	for step := range 3 {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("step %d after %v", step, after), func(t *testing.T) {
				t.Parallel()
				for n, reached := 1, true; reached; n++ {
					synctest.Test(t, func(t *testing.T) { reached = dieOnce(t, step, n, after) })
					if n > 200 {
						t.Fatal("the road has no end")
					}
				}
			})
		}
	}
}

func dieOnce(t *testing.T, step, n int, after bool) (reached bool) {
	m := &servicetest.Mortal{}
	b := setupMortal(t, m)
	e := b.request(t, ask())
	approve, end := b.click(t, e, "U0HANAKO", event.Approve), reaped(e)
	for i, handle := range []func(context.Context) error{
		func(ctx context.Context) error { return b.OnRequestCreated(ctx, e) },
		func(ctx context.Context) error { return b.OnActionSubmitted(ctx, approve) },
		func(ctx context.Context) error { return b.OnReaped(ctx, end) },
	} {
		if i == step {
			reached = servicetest.Deliver(t, m, n, after, handle)
		} else {
			servicetest.Deliver(t, m, 0, false, handle)
		}
	}
	where := fmt.Sprintf("call %d of step %d, after: %v", n, step, after)
	if posted := b.messages(); len(posted) != 1 || !strings.Contains(string(posted[0].Blocks), "Ended at") {
		t.Errorf("%s: %d messages: %+v", where, len(posted), posted)
	}
	if got := b.kinds(t, e.RequestID); !slices.Equal(got, []approval.Kind{approval.Requested, approval.Approved, approval.Ended}) {
		t.Errorf("%s: the log says %v", where, got)
	}
	if a, v := len(servicetest.Said[event.Approved](t, b.bus)), len(servicetest.Said[event.Voted](t, b.bus)); a != 1 || v != 1 {
		t.Errorf("%s: Approved %d times, Voted %d times", where, a, v)
	}
	if len(b.clock.schedules) != 0 || len(b.live(t)) != 0 {
		t.Errorf("%s: left behind: %v, %v", where, b.clock.schedules, b.live(t))
	}
	return reached
}
