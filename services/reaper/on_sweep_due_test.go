package reaper_test

import (
	"slices"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
)

// sweep wakes the reaper as its rate schedule does: with the same message each
// time.
func (w *world) sweep() {
	w.t.Helper()
	must(w.t, w.OnSweepDue(w.t.Context(), event.Typed[event.SweepDue]{
		Source: event.Reaper, Header: event.Header{ID: event.ID(event.Reaper, "SweepDue", "", ""), Version: 1},
	}))
}

// release ends the lease as its requester does.
func (w *world) release() {
	w.t.Helper()
	must(w.t, w.OnReleased(w.t.Context(), typed(w, event.Released{Why: "done"})))
}

// I20.
func TestASweepEndsALeaseWhoseScheduleNeverFired(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.clock.mute = true
		w.approve(time.Hour)
		w.grant(time.Hour)
		time.Sleep(time.Hour - time.Second)
		w.sweep()
		if w.expired() != nil {
			t.Fatal("it ended before its time")
		}
		time.Sleep(2 * time.Second)
		w.sweep()
		if got := w.expired(); got == nil || got.Cause != event.ByTime {
			t.Errorf("ended: %+v", got)
		}
	})
}

func TestASweepEndsARequestWithoutAnAccountThoughStartDueNeverCame(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.clock.mute = true
		w.approve(time.Hour)
		time.Sleep(11 * time.Minute)
		w.sweep()
		if w.expired() != nil {
			t.Fatal("it ended before its time")
		}
		time.Sleep(time.Minute)
		w.sweep()
		if got := w.expired(); got == nil || got.Cause != event.ByFailure {
			t.Errorf("ended: %+v", got)
		}
	})
}

func TestASweepPublishesWhatIsOwed(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.bus.SetDown(true)
		if err := w.OnReleased(t.Context(), typed(w, event.Released{Why: "done"})); err == nil {
			t.Fatal("the bus was not away")
		}
		w.bus.SetDown(false)
		w.sweep()
		if w.expired() == nil {
			t.Error("the end is still owed")
		}
	})
}

func TestAnUnansweredEndIsSaidAgainOnceASweepWithTheSameContent(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.approve(time.Hour)
		w.grant(time.Hour)
		w.release()
		w.sweep()
		if n := w.bus.Count("Expired"); n != 1 {
			t.Fatalf("said %d times before anybody could answer", n)
		}
		for n := 2; n < 5; n++ {
			time.Sleep(5 * time.Minute)
			w.sweep()
			w.sweep() // a duplicate
			if got := w.bus.Count("Expired"); got != n {
				t.Fatalf("said %d times, want %d", got, n)
			}
		}
		w.expired() // one id, one content
		must(t, w.OnRevoked(t.Context(), w.revoked()))
		time.Sleep(5 * time.Minute)
		w.sweep()
		if n := w.bus.Count("Expired"); n != 5 {
			t.Errorf("half an answer was taken for all: said %d times", n)
		}
		must(t, w.OnInstanceTerminated(t.Context(), w.terminated()))
		time.Sleep(5 * time.Minute)
		w.sweep()
		if n := w.bus.Count("Expired"); n != 5 {
			t.Errorf("said %d times after both answers", n)
		}
	})
}

func TestALeaseWithoutItsReceiptFifteenMinutesAfterItsEndAlarmsOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.approve(time.Hour)
		w.grant(time.Hour)
		w.release()
		time.Sleep(15*time.Minute - time.Second)
		w.sweep()
		if n := w.bus.Count("Alarmed"); n != 0 {
			t.Fatal("alarmed early")
		}
		for range 3 {
			time.Sleep(5 * time.Minute)
			w.sweep()
		}
		alarms := servicetest.Said[event.Alarmed](t, w.bus)
		if w.bus.Count("Alarmed") != 1 || alarms[0].Alarm != "receipt-missing" {
			t.Errorf("alarms: %+v", alarms)
		}
	})
}

func TestSchedulesThatCannotBeDeletedAlarmToo(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.approve(time.Hour)
		w.grant(time.Hour)
		w.clock.keeps = true
		w.release()
		must(t, w.OnRevoked(t.Context(), w.revoked()))
		if err := w.OnInstanceTerminated(t.Context(), w.terminated()); err == nil {
			t.Fatal("its schedules are gone")
		}
		for range 5 {
			time.Sleep(5 * time.Minute)
			w.sweep()
		}
		if n := w.bus.Count("Alarmed"); n != 1 || w.bus.Count("Reaped") != 0 {
			t.Errorf("%d alarms, receipt %v", n, w.state().Reaped)
		}
		if n := w.bus.Count("Expired"); n != 1 {
			t.Errorf("an answered end was said %d times", n)
		}
		w.clock.keeps = false
		w.sweep()
		if w.bus.Count("Reaped") != 1 {
			t.Error("no receipt though the schedules can be deleted")
		}
	})
}

func TestASweepDeletesSchedulesOfLeasesThatAreOverAndNoOthers(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		over, unknown := w.id, event.NewRequestID()
		w.release()
		must(t, w.OnRevoked(t.Context(), w.revoked()))
		must(t, w.OnInstanceTerminated(t.Context(), w.terminated()))
		ended := event.NewRequestID()
		w.id = ended
		w.release()
		w.id = event.NewRequestID()
		w.approve(time.Hour)
		w.grant(time.Hour)
		living := w.clock.left()
		w.clock.put(over+"-end-2", ended+"-end-2", unknown+"-warn-1")
		kept := []string{over + "-pending-1", unknown + "-other-1", unknown + "-end-x", "somebody-elses"}
		w.clock.put(kept...)
		w.sweep()
		if got := len(w.clock.left()); got != len(living)+3+len(kept) {
			t.Fatalf("what is young was deleted: %q", w.clock.left())
		}
		time.Sleep(20*time.Minute + time.Second)
		w.sweep()
		if got, want := w.clock.left(), slices.Sorted(slices.Values(append(kept, living...))); !slices.Equal(got, want) {
			t.Errorf("left %q, want %q", got, want)
		}
		if !w.log.has("somebody-elses") || w.log.has(over+"-pending-1") {
			t.Error("foreign schedules are not reported, or ours are")
		}
	})
}

func TestASweepArmsWhatACrashLeftUnarmed(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.clock.fails = 1
		if err := w.OnApproved(t.Context(), w.approved(time.Hour)); err == nil {
			t.Fatal("the scheduler was not away")
		}
		w.sweep()
		if armed := servicetest.Said[event.Armed](t, w.bus); len(armed) != 1 || len(w.clock.left()) != 1 {
			t.Errorf("armed %+v, schedules %q", armed, w.clock.left())
		}
	})
}
