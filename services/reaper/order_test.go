package reaper_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
)

// S6 and S7: whatever order and repetition the events of a request come in.
func TestAnyOrderAndRepetitionEndsInOneReceipt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(rt *rapid.T) {
		w.id = event.NewRequestID()
		w.bus.Forget()
		kinds := rapid.Permutation([]string{
			"approved", "granted", "released", "revoked", "terminated", "extended", "start due", "end due",
			"approved", "granted", "released", "revoked", "terminated", "extended", "overdue",
		}).Draw(rt, "order")
		handle := w.handlers()
		for _, kind := range append(kinds, "overdue") {
			w.bus.SetDown(rapid.IntRange(0, 9).Draw(rt, "luck") == 0)
			w.clock.fails = max(0, rapid.IntRange(-6, 2).Draw(rt, "scheduler fails"))
			if err := handle[kind](); err != nil {
				w.clock.fails = 0
				w.bus.SetDown(false)
				err := handle[kind]()
				if _, later := bus.IsLater(err); err != nil && !later {
					rt.Fatalf("%s, delivered again: %v", kind, err)
				}
			}
		}
		expired, reaped := w.ends(), servicetest.Said[event.Reaped](w.t, w.bus)
		if len(expired) != 1 || len(reaped) != 1 {
			rt.Fatalf("%d ends and %d receipts", len(expired), len(reaped))
		}
		if left, _ := w.clock.List(t.Context(), w.id); len(left) != 0 || !w.state().Reaped {
			rt.Fatalf("left: %q, record %+v", left, w.state())
		}
		if x := expired[0]; x.Cause != event.ByRelease && x.Cause != event.ByHardStop {
			rt.Fatalf("ended by %s", x.Cause)
		}
	})
}

func (w *world) handlers() map[string]func() error {
	ctx := w.t.Context()
	approved, granted, extended := w.approved(time.Hour), w.granted(time.Hour), w.extended(2*time.Hour)
	revoked, terminated := w.revoked(), w.terminated()
	n := 0
	return map[string]func() error{
		"approved":   func() error { return w.OnApproved(ctx, approved) },
		"granted":    func() error { return w.OnGranted(ctx, granted) },
		"extended":   func() error { return w.OnExtended(ctx, extended) },
		"released":   func() error { return w.OnReleased(ctx, typed(w, event.Released{Why: "done"})) },
		"revoked":    func() error { return w.OnRevoked(ctx, revoked) },
		"terminated": func() error { return w.OnInstanceTerminated(ctx, terminated) },
		"start due":  func() error { return w.OnStartDue(ctx, typed(w, event.StartDue{Generation: 1})) },
		"end due":    func() error { return w.OnEndDue(ctx, typed(w, event.EndDue{Generation: 1})) },
		"overdue": func() error {
			e := typed(w, event.Overdue{What: "account"})
			n++
			e.ID = fmt.Sprint(n)
			return w.OnOverdue(ctx, e)
		},
	}
}
