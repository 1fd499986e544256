package reaper_test

import (
	"strings"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
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
		if n := len(said[event.Expiring](t, w.bus)); n != 2 {
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
		must(t, w.OnExtended(t.Context(), e))
		if x := w.expired(); x == nil || x.Cause != event.ByTime {
			t.Errorf("ended as %+v", x)
		}
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
		if n := w.bus.count("Alarmed"); n != 4 {
			t.Errorf("%d alarms, want 4", n)
		}
		for _, a := range said[event.Alarmed](t, w.bus) {
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
		w.bus.down = true
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
		if x := w.expired(); x == nil || x.Cause != event.ByFailure || w.bus.count("Armed") != 0 {
			t.Errorf("ended as %+v", x)
		}
	})
}
