package reaper_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
)

func TestWhateverEndsARequestEndsItOnceAndAlsoBeforeApproved(t *testing.T) {
	for name, test := range map[string]struct {
		cause event.Cause
		end   func(w *world) error
	}{
		"released": {event.ByRelease, func(w *world) error { return w.OnReleased(w.t.Context(), typed(w, event.Released{Why: "done"})) }},
		"provision failed": {event.ByFailure, func(w *world) error {
			return w.OnProvisionFailed(w.t.Context(), typed(w, event.ProvisionFailed{Reason: "none"}))
		}},
		"grant failed": {event.ByFailure, func(w *world) error {
			return w.OnGrantFailed(w.t.Context(), typed(w, event.GrantFailed{Reason: "none"}))
		}},
		"instance lost": {event.ByLoss, func(w *world) error {
			return w.OnInstanceLost(w.t.Context(), typed(w, event.InstanceLost{InstanceID: "i-1"}))
		}},
	} {
		for _, when := range []string{"before approved", "after approved", "after granted"} {
			t.Run(name+" "+when, func(t *testing.T) {
				inBubble(t, func(t *testing.T, w *world) {
					approved, granted := w.approved(time.Hour), w.granted(time.Hour)
					if when != "before approved" {
						w.deliver(func() error { return w.OnApproved(t.Context(), approved) })
					}
					if when == "after granted" {
						w.deliver(func() error { return w.OnGranted(t.Context(), granted) })
					}
					must(t, test.end(w))
					must(t, test.end(w))
					armed := len(w.clock.made)
					must(t, w.OnApproved(t.Context(), approved))
					must(t, w.OnGranted(t.Context(), granted))
					if x := w.expired(); x == nil || x.Cause != test.cause || x.Reason == "" {
						t.Fatalf("ended as %+v", x)
					}
					if len(w.clock.made) != armed {
						t.Errorf("stops were armed after the end: %q", w.clock.made[armed:])
					}
					if when != "after granted" && w.state().Lease != nil {
						t.Error("a lease began after its end")
					}
				})
			})
		}
	}
}

func TestReceiptIsWrittenOnceBothAnswersCameAndSchedulesAreGone(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.approve(time.Hour)
		w.grant(time.Hour)
		pending := w.id + "-pending-1" // approval's
		must(t, w.clock.Once(t.Context(), pending, time.Now().Add(time.Hour), event.Event{}))
		must(t, w.OnReleased(t.Context(), typed(w, event.Released{Why: "done"})))
		must(t, w.OnRevoked(t.Context(), w.revoked()))
		if w.bus.Count("Reaped") != 0 {
			t.Fatal("reaped without the instance")
		}
		w.clock.keeps = true
		if err := w.OnInstanceTerminated(t.Context(), w.terminated()); err == nil || w.bus.Count("Reaped") != 0 {
			t.Fatalf("reaped with schedules left: %v", err)
		}
		w.clock.keeps = false
		must(t, w.OnInstanceTerminated(t.Context(), w.terminated()))
		must(t, w.OnRevoked(t.Context(), w.revoked()))
		got := servicetest.Said[event.Reaped](t, w.bus)
		if len(got) != 1 || got[0].Cause != event.ByRelease || got[0].Schedules != 3 || got[0].Instance.InstanceID != "i-1" || got[0].Account.User != "taro" {
			t.Fatalf("receipt: %+v", got)
		}
		if left, _ := w.clock.List(t.Context(), w.id); !slices.Equal(left, []string{pending}) {
			t.Errorf("in the scheduler: %q, want approval's alone", left)
		}
		must(t, w.clock.Delete(t.Context(), pending))
	})
}

func TestLeaseThatCannotBeArmedIsEnded(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.approve(time.Hour)
		w.clock.fails = 1000
		granted := time.Now()
		w.grant(time.Hour)
		time.Sleep(time.Minute)
		x := w.expired()
		if x == nil || x.Cause != event.ByFailure || x.EndedAt.Sub(granted) > time.Minute {
			t.Fatalf("a minute later: %+v", x)
		}
		if w.bus.Count("Armed") != 1 {
			t.Error("an end was said to be armed that is not")
		}
	})
}

func TestArmingGoesOnAfterAFailureInTheSameGeneration(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.clock.fails = 2
		w.approve(time.Hour)
		armed := servicetest.Said[event.Armed](t, w.bus)
		if len(armed) != 1 || armed[0].Generation != 1 || w.state().ArmedGeneration != 1 || len(w.state().Stops) != 1 {
			t.Fatalf("armed %+v, record %+v", armed, w.state())
		}
		must(t, w.OnReleased(t.Context(), typed(w, event.Released{Why: "done"})))
	})
}

func TestScheduleThatNeverFiresIsMadeUpForByAnyMessage(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.clock.mute = true
		w.approve(time.Hour)
		w.grant(time.Hour)
		time.Sleep(61 * time.Minute)
		if synctest.Wait(); w.expired() != nil {
			t.Fatal("the schedule fired")
		}
		must(t, w.OnOverdue(t.Context(), typed(w, event.Overdue{What: "account", Ref: "taro"})))
		if x := w.expired(); x == nil || x.Cause != event.ByTime {
			t.Fatalf("ended as %+v", x)
		}
	})
}

func TestNothingOutlivesEndBy(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.clock.mute = true
		w.approve(time.Hour)
		time.Sleep(4*time.Hour + 13*time.Minute)
		must(t, w.OnOverdue(t.Context(), typed(w, event.Overdue{What: "instance", Ref: "i-1"})))
		if x := w.expired(); x == nil || x.Cause != event.ByHardStop {
			t.Errorf("ended as %+v", x)
		}
	})
}

func TestOverdueIsAnsweredByTheRecord(t *testing.T) {
	t.Run("a running lease goes on", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w *world) {
			w.approve(time.Hour)
			w.grant(time.Hour)
			must(t, w.OnOverdue(t.Context(), typed(w, event.Overdue{What: "account"})))
			if x := w.expired(); x != nil {
				t.Errorf("ended as %+v", x)
			}
		})
	})
	t.Run("an ended one is asked about again, with the same content and an id of its own", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w *world) {
			must(t, w.OnReleased(t.Context(), typed(w, event.Released{Why: "done"})))
			e := typed(w, event.Overdue{What: "account"})
			must(t, w.OnOverdue(t.Context(), e))
			must(t, w.OnOverdue(t.Context(), e))
			if w.expired() == nil || w.bus.Count("Expired") != 2 {
				t.Errorf("%d times Expired, want it once again", w.bus.Count("Expired"))
			}
			first, second := w.bus.Sent()[0].Detail, w.bus.Sent()[1].Detail
			if string(first.Data) != string(second.Data) || first.ID == second.ID {
				t.Errorf("%s was asked about again as %s (%s, then %s)", first.Data, second.Data, first.ID, second.ID)
			}
		})
	})
	t.Run("what nobody knows is ended", func(t *testing.T) {
		inBubble(t, func(t *testing.T, w *world) {
			must(t, w.OnOverdue(t.Context(), typed(w, event.Overdue{What: "instance"})))
			if x := w.expired(); x == nil || x.Cause != event.ByHardStop {
				t.Errorf("ended as %+v", x)
			}
		})
	})
}

func TestWhatIsOwedIsSaidBeforeAnythingElse(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.bus.SetDown(true)
		if err := w.OnReleased(t.Context(), typed(w, event.Released{Why: "done"})); err == nil {
			t.Fatal("acknowledged though nobody was told")
		}
		w.bus.SetDown(false)
		must(t, w.OnRevoked(t.Context(), w.revoked()))
		if w.expired() == nil {
			t.Error("the end was swallowed")
		}
	})
}
