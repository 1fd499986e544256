package reaper_test

import (
	"strings"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
	"github.com/powerpole/powerpole/pkg/warrant"
)

func (w *world) extend(total time.Duration) {
	w.t.Helper()
	e := w.extended(total)
	w.deliver(func() error { return w.OnExtended(w.t.Context(), e) })
}

func TestExtensionMovesTheEndByNewStops(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.approve(time.Hour)
		start := time.Now()
		w.grant(time.Hour)
		time.Sleep(55 * time.Minute) // warned already
		w.extend(2 * time.Hour)
		w.wantArmed(start.Add(2 * time.Hour))
		if left, _ := w.clock.List(t.Context(), w.id); len(left) != 2 || !strings.HasSuffix(left[0], "-end-3") {
			t.Errorf("in the scheduler: %q, want the third generation alone", left)
		}
		time.Sleep(time.Hour)
		if n := len(servicetest.Said[event.Expiring](t, w.bus)); n != 2 {
			t.Errorf("%d warnings, want one for each end", n)
		}
		time.Sleep(time.Until(start.Add(2*time.Hour + time.Second)))
		if x := w.expired(); x == nil || x.Cause != event.ByTime || x.EndedAt.Before(start.Add(2*time.Hour)) {
			t.Errorf("ended as %+v", x)
		}
	})
}

func TestExtensionNeverGoesPastEndBy(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		approved := w.approved(time.Hour)
		w.deliver(func() error { return w.OnApproved(t.Context(), approved) })
		time.Sleep(11 * time.Minute) // within the tolerance of start_by
		w.grant(time.Hour)
		time.Sleep(50 * time.Minute)
		w.extend(4 * time.Hour)
		w.wantArmed(approved.Data.EndBy)
	})
}

func TestExtensionThatComesTooLateLoses(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.clock.mute = true
		w.approve(time.Hour)
		w.grant(time.Hour)
		e := w.extended(2 * time.Hour)
		time.Sleep(time.Hour)
		for range 2 {
			must(t, w.OnExtended(t.Context(), e))
		}
		x := w.expired()
		if x == nil || x.Cause != event.ByTime {
			t.Fatalf("ended as %+v", x)
		}
		w.wantRefused(2*time.Hour, x.EndedAt)
	})
}

// wantRefused fails unless people were told once that an extension to that total
// came after the end.
func (w *world) wantRefused(total time.Duration, ended time.Time) {
	w.t.Helper()
	told := servicetest.Said[event.ExtensionRefused](w.t, w.bus)
	if len(told) != 1 || told[0].Total.Std() != total || !told[0].EndedAt.Equal(ended) {
		w.t.Errorf("people were told %+v, want once of %s and %s", told, total, ended)
	}
}

func TestExtensionAfterAnyEndLosesAlsoAfterTheReceipt(t *testing.T) {
	for name, lead := range map[string]func(w *world){
		"of a request that nobody knew": func(*world) {},
		"of a lease":                    func(w *world) { w.approve(time.Hour); w.grant(time.Hour) },
		"of what has its receipt": func(w *world) {
			must(w.t, w.OnRevoked(w.t.Context(), w.revoked()))
			must(w.t, w.OnInstanceTerminated(w.t.Context(), w.terminated()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				lead(w)
				must(t, w.OnReleased(t.Context(), typed(w, event.Released{Why: "done"})))
				w.extend(2 * time.Hour)
				w.extend(2 * time.Hour)
				w.wantRefused(2*time.Hour, w.expired().EndedAt)
			})
		})
	}
}

func TestExtensionThatCameInTimeIsNeverRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.approve(time.Hour)
		w.grant(time.Hour)
		w.extend(2 * time.Hour)
		must(t, w.OnReleased(t.Context(), typed(w, event.Released{Why: "done"})))
		w.extend(2 * time.Hour)
		if told := servicetest.Said[event.ExtensionRefused](t, w.bus); len(told) != 0 {
			t.Errorf("people were told %+v", told)
		}
	})
}

func TestExtensionPastItsOwnEndByIsRefusedForEver(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		extended := w.warrant(warrant.PurposeExtend, 2*time.Hour)
		e := w.extended(2 * time.Hour)
		time.Sleep(5 * time.Hour)
		must(t, w.OnExtended(t.Context(), e))
		w.wantRefused(2*time.Hour, extended.EndBy)
		w.approve(time.Hour)
		w.extend(2 * time.Hour)
		w.grant(time.Hour)
		w.wantArmed(time.Now().Add(time.Hour))
		w.wantRefused(2*time.Hour, extended.EndBy)
	})
}

func TestRefusalOfAnExtensionIsOwedUntilItIsTold(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		must(t, w.OnReleased(t.Context(), typed(w, event.Released{Why: "done"})))
		e := w.extended(2 * time.Hour)
		w.bus.SetDown(true)
		if err := w.OnExtended(t.Context(), e); err == nil {
			t.Error("acknowledged though nobody was told")
		}
		w.bus.SetDown(false)
		must(t, w.OnSweepDue(t.Context(), typed(w, event.SweepDue{})))
		w.wantRefused(2*time.Hour, w.expired().EndedAt)
	})
}

func TestExtensionBeforeGrantedCounts(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.extend(2 * time.Hour)
		w.approve(time.Hour)
		w.grant(time.Hour)
		w.wantArmed(time.Now().Add(2 * time.Hour))
	})
}

func TestWarrantThatIsNotGenuineMovesNothingAndIsAlarmed(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		approved, extended := w.approved(time.Hour), w.extended(time.Hour)
		other := newWorld(t) // another installation's key
		for name, handle := range map[string]func() error{
			"none":              func() error { e := approved; e.Data.Warrant = "x"; return w.OnApproved(t.Context(), e) },
			"another request's": func() error { e := approved; e.RequestID = event.NewRequestID(); return w.OnApproved(t.Context(), e) },
			"an extension's": func() error {
				e := approved
				e.Data.Warrant = extended.Data.Warrant
				return w.OnApproved(t.Context(), e)
			},
			"a grant's": func() error {
				e := extended
				e.Data.Warrant = approved.Data.Warrant
				return w.OnExtended(t.Context(), e)
			},
			"signed by somebody": func() error { return other.OnApproved(t.Context(), approved) },
		} {
			if err := handle(); !bus.IsTerminal(err) {
				t.Errorf("%s: %v, want it parked", name, err)
			}
		}
		if n := w.bus.Count("Alarmed"); n != 4 {
			t.Errorf("%d alarms, want 4", n)
		}
		for _, a := range servicetest.Said[event.Alarmed](t, w.bus) {
			if a.Alarm != "warrant-not-genuine" || strings.Contains(a.Text, approved.Data.Warrant) {
				t.Errorf("alarm: %+v", a)
			}
		}
		if len(w.clock.made) != 0 || w.state().Terms != nil {
			t.Error("it moved something")
		}
	})
}

func TestWarrantIsParkedOnlyOnceSomebodyWasTold(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.bus.SetDown(true)
		e := w.approved(time.Hour)
		e.Data.Warrant = "x"
		if err := w.OnApproved(t.Context(), e); err == nil || bus.IsTerminal(err) {
			t.Errorf("got %v, want to be tried again", err)
		}
	})
}

func TestApprovalThatComesTooLateEndsTheRequest(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		e := w.approved(time.Hour)
		time.Sleep(13 * time.Minute)
		must(t, w.OnApproved(t.Context(), e))
		if x := w.expired(); x == nil || x.Cause != event.ByFailure || w.bus.Count("Armed") != 0 {
			t.Errorf("ended as %+v", x)
		}
	})
}
