package notifier_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
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

// A message that was received too often is left to the sweep. What it said must
// be on record by then, also where something earlier has been failing all the
// time: an answer to somebody, an edit, the line at the end.
func TestWhatIsHeardWhileSlackFailsIsShownLaterWithoutItsMessage(t *testing.T) {
	t.Parallel()
	type failing struct {
		method      string
		first, then func(context.Context, *bundle) error
		shown       string
	}
	refusal := func(ctx context.Context, b *bundle) error { return b.OnVoted(ctx, refused(b, hanako(), "C0SHOPDB")) }
	expired := func(ctx context.Context, b *bundle) error { return b.OnExpired(ctx, b.expired(event.ByTime)) }
	receipt := func(ctx context.Context, b *bundle) error { return b.OnReaped(ctx, b.reaped()) }
	for name, c := range map[string]failing{
		"an answer": {"chat.postEphemeral", refusal, receipt, ":receipt:"},
		"an edit":   {"chat.update", expired, receipt, ":receipt:"},
		"the line":  {"chat.postMessage", receipt, refusal, "for you"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t)
				ok(t, b.OnRequestCreated(t.Context(), b.created(t)))
				ok(t, b.OnApproved(t.Context(), b.approved()))
				b.slack.SetStatus(c.method, 2, 503)
				if first, then := c.first(t.Context(), b), c.then(t.Context(), b); !bus.IsOnRecord(first) || !bus.IsOnRecord(then) {
					t.Fatalf("Slack's failure came to %v, %v", first, then)
				}
				time.Sleep(5 * time.Minute)
				ok(t, b.OnSweepDue(t.Context(), of(b, event.Notifier, event.SweepDue{})))
				seen := b.shown(t)
				for _, m := range b.slack.Messages("U0HANAKO", "C0SHOPDB") {
					seen += m.Text
				}
				must(t, seen, c.shown)
			})
		})
	}
}
