package provisioner_test

import (
	"testing"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
)

// sweep wakes the provisioner as its rate schedule does: with the same message
// each time.
func (w *world) sweep() {
	w.t.Helper()
	must(w.t, w.OnSweepDue(w.t.Context(), event.Typed[event.SweepDue]{
		Source: event.Provisioner, Header: event.Header{ID: event.ID(event.Provisioner, "SweepDue", "", ""), Version: 1},
	}))
}

func TestASweepFinishesALaunchThatNobodyFinished(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.cloud.after = 1
		if err := w.OnApproved(t.Context(), w.approved(w.warrant())); err == nil {
			t.Fatal("the answer was not lost")
		}
		w.sweep()
		if n := len(servicetest.Said[event.InstanceReady](t, w.bus)); n != 1 || len(w.standing("")) != 1 {
			t.Errorf("ready %d times, standing %+v", n, w.standing(""))
		}
	})
}

func TestASweepGoesOnWithATeardownWhoseMessagesAreGone(t *testing.T) {
	inBubble(t, slow(), func(t *testing.T, w *world) {
		w.build()
		if _, later := bus.IsLater(w.OnExpired(t.Context(), w.expired(0))); !later {
			t.Fatal("it does not wait for Revoked")
		}
		for range 2 {
			time.Sleep(5 * time.Minute)
			w.sweep()
		}
		if got := w.terminated(); got == nil || got.Outcome != event.Gone {
			t.Errorf("answer: %+v", got)
		}
	})
}

func TestASweepPublishesWhatIsOwed(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.bus.SetDown(true)
		if err := w.OnExpired(t.Context(), w.expired(0)); err == nil {
			t.Fatal("the bus was not away")
		}
		w.bus.SetDown(false)
		w.sweep()
		if w.terminated() == nil {
			t.Error("the answer is still owed")
		}
	})
}

func TestASweepFindsABastionThatWentWithoutAHint(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		ready := w.build()
		w.cloud.blindTo = "tag-key" // as it may be for a moment
		w.sweep()
		w.cloud.blindTo = ""
		if n := len(servicetest.Said[event.InstanceLost](t, w.bus)); n != 0 {
			t.Fatal("not being listed was taken for being gone")
		}
		must(t, w.aws.EC2.Kill(ready.InstanceID))
		w.cloud.noEC2, w.cloud.looks = true, 0
		w.sweep()
		if w.cloud.looks != 1 {
			t.Errorf("%d looks at a region that does not answer", w.cloud.looks)
		}
		w.cloud.noEC2 = false
		w.sweep()
		w.sweep()
		if n := w.bus.Count("InstanceLost"); n != 1 {
			t.Errorf("lost %d times", n)
		}
	})
}

// The third stop (design §5.6).
func TestPastItsLatestEndAnInstanceIsEndedWithoutAsking(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		terms := w.warrant()
		ready := w.build()
		time.Sleep(time.Until(terms.EndBy.Add(2 * time.Minute)))
		w.sweep()
		if len(w.cloud.asked) != 0 || w.bus.Count("Overdue") != 0 {
			t.Fatal("ended within the tolerance")
		}
		time.Sleep(time.Second)
		w.sweep()
		w.sweep()
		if got := w.terminated(); got == nil || got.InstanceID != ready.InstanceID || len(w.standing("")) != 0 {
			t.Fatalf("answer %+v, standing %+v", got, w.standing(""))
		}
		due := servicetest.Said[event.Overdue](t, w.bus)
		if w.bus.Count("Overdue") != 1 || due[0].What != "instance" || due[0].Ref != ready.InstanceID || !due[0].Since.Equal(terms.EndBy) {
			t.Errorf("overdue: %+v", due)
		}
		w.expireAndRevoke()
		w.terminated() // answered once
	})
}

func TestASweepAtRestLooksOnceAtEachRegion(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.build()
		w.cloud.looks = 0
		w.sweep()
		if w.cloud.looks != 1 {
			t.Errorf("%d looks at EC2", w.cloud.looks)
		}
	})
}
