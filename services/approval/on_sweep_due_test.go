package approval_test

import (
	"testing"
	"testing/synctest"
	"time"

	pbus "github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
)

func sweepDue() event.Typed[event.SweepDue] {
	return event.Typed[event.SweepDue]{Source: event.Approval, Header: event.Header{
		ID: event.ID(event.Approval, "SweepDue", "", ""), Version: 1, OccurredAt: time.Now().UTC(),
	}}
}

func TestASweepLapsesWhatItsScheduleNeverWoke(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.open(t, ask())
		ok(t, b.OnSweepDue(t.Context(), sweepDue()))
		if lapsed := servicetest.Said[event.Lapsed](t, b.bus); len(lapsed) != 0 {
			t.Error("it lapsed before its time")
		}
		time.Sleep(8*time.Hour + time.Minute)
		for range 2 {
			ok(t, b.OnSweepDue(t.Context(), sweepDue()))
		}
		if lapsed := servicetest.Said[event.Lapsed](t, b.bus); len(lapsed) != 1 {
			t.Errorf("Lapsed was said %d times", len(lapsed))
		}
	})
}

func TestASweepAsksTheApproversWhereSlackFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.slack.SetStatus("chat.postMessage", 1, 503)
		e := b.request(t, ask())
		err := b.OnRequestCreated(t.Context(), e)
		if _, later := pbus.IsLater(err); err == nil && !later {
			t.Fatal("Slack's failure passed for success")
		}
		if n := len(b.messages()); n != 0 {
			t.Fatalf("%d messages", n)
		}
		time.Sleep(5 * time.Minute)
		ok(t, b.OnSweepDue(t.Context(), sweepDue()))
		if n := len(b.messages()); n != 1 {
			t.Errorf("%d messages after the sweep", n)
		}
	})
}
