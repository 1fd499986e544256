package notifier_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

func TestASweepShowsWhatSlackFailedToTake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		ok(t, b.OnRequestCreated(t.Context(), b.created(t)))
		b.slack.SetStatus("chat.update", 1, 503)
		if err := b.OnApproved(t.Context(), b.approved()); err == nil {
			t.Fatal("Slack's failure passed for success")
		}
		must(t, b.shown(t), "Waiting for approval")
		time.Sleep(5 * time.Minute)
		ok(t, b.OnSweepDue(t.Context(), of(b, event.Notifier, event.SweepDue{})))
		must(t, b.shown(t), "is being built")
	})
}

// A message is parked when it was received too often. What it said must be on
// record by then, also where an earlier edit has been failing all the time.
func TestWhatIsHeardWhileSlackFailsIsShownLaterWithoutItsMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		ok(t, b.OnRequestCreated(t.Context(), b.created(t)))
		ok(t, b.OnApproved(t.Context(), b.approved()))
		b.slack.SetStatus("chat.update", 2, 503)
		if b.OnExpired(t.Context(), b.expired(event.ByTime)) == nil || b.OnReaped(t.Context(), b.reaped()) == nil {
			t.Fatal("Slack's failure passed for success")
		}
		time.Sleep(5 * time.Minute)
		ok(t, b.OnSweepDue(t.Context(), of(b, event.Notifier, event.SweepDue{})))
		must(t, b.shown(t), ":receipt:")
	})
}
