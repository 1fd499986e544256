package approval_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	localslack "github.com/powerpole/powerpole/deploy/local/slack"
	pbus "github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/approval"
)

// Slack takes nothing for longer than the receives of any message last. What was
// heard meanwhile is parked nowhere, and once Slack answers the sweep does what
// follows from it.
func TestWhatIsHeardWhileSlackTakesNothingForLongIsNeitherParkedNorLost(t *testing.T) {
	t.Parallel()
	for status, long := range map[int32]time.Duration{429: 15 * time.Minute, 503: 90 * time.Minute} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { refuseFor(t, status, long) })
		})
	}
}

func refuseFor(t *testing.T, status int32, long time.Duration) {
	b := setup(t)
	publish, passed := process(t, b)
	ended, waiting := b.request(t, ask()), b.request(t, ask(byKen))
	publish(wired(t, ended))
	publish(wired(t, waiting))
	time.Sleep(time.Minute)
	publish(wired(t, b.click(t, ended, "U0HANAKO", event.Approve)))
	time.Sleep(time.Minute)

	b.wire.busy.Store(status)
	b.slack.SetUser(localslack.User{ID: "U0KEN", Email: "ken@nimbus.example", Deleted: true})
	fresh, clicked := b.request(t, ask()), b.click(t, waiting, "U0HANAKO", event.Approve)
	publish(wired(t, reaped(ended)))
	publish(wired(t, fresh))
	publish(wired(t, clicked))
	publish(wired(t, changed("U0KEN")))
	time.Sleep(long)
	if n := passed.parked(t); n != 0 {
		t.Errorf("%d messages were parked", n)
	}
	if passed.count("Denied") != 0 || passed.count("Approved") != 1 {
		t.Errorf("decided while Slack said nothing: %v", passed.ids)
	}

	b.wire.busy.Store(0)
	time.Sleep(6 * time.Minute)
	if n := passed.parked(t); n != 0 {
		t.Errorf("%d messages were parked afterwards", n)
	}
	for _, want := range []string{fresh.RequestID, "Ended at", "Denied by the rule"} {
		if !shows(b, want) {
			t.Errorf("no message shows %q", want)
		}
	}
}

func TestASilentSlackKeepsNobodyFromWritingDownWhatWasHeard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		e, waiting, fresh := b.open(t, ask()), b.open(t, ask()), b.request(t, ask())
		b.act(t, e, "U0HANAKO", event.Approve)
		b.wire.busy.Store(silent)
		within := func(handle func(context.Context) error) error {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			return handle(ctx)
		}
		heard := func(what string, handle func(context.Context) error) {
			if err := within(handle); !pbus.IsOnRecord(err) {
				t.Errorf("%s: %v", what, err)
			}
		}
		clicked, receipt := b.click(t, waiting, "U0HANAKO", event.Approve), reaped(e)
		var other sync.WaitGroup
		other.Go(func() { heard("a receipt", func(ctx context.Context) error { return b.OnReaped(ctx, receipt) }) })
		time.Sleep(5 * time.Second) // the other is at the message now
		heard("the same receipt", func(ctx context.Context) error { return b.OnReaped(ctx, receipt) })
		heard("a request", func(ctx context.Context) error { return b.OnRequestCreated(ctx, fresh) })
		heard("a change", func(ctx context.Context) error { return b.OnPersonChanged(ctx, changed("U0TARO")) })
		ok(t, within(func(ctx context.Context) error { return b.OnActionSubmitted(ctx, clicked) }))
		other.Wait()
		for id, want := range map[string][]approval.Kind{
			e.RequestID: {approval.Requested, approval.Approved, approval.Ended}, waiting.RequestID: {approval.Requested, approval.Refused},
		} {
			if got := b.kinds(t, id); !slices.Equal(got, want) {
				t.Errorf("a log says %v, want %v", got, want)
			}
		}
	})
}

func byKen(a *event.Ask) { a.Requester = someone("U0KEN") }

// changed is what intake says of somebody who changed in Slack.
func changed(user string) event.Typed[event.PersonChanged] {
	return event.Typed[event.PersonChanged]{
		Source: event.Intake, Header: event.Header{ID: "changed-" + user, Version: 1, OccurredAt: time.Now().UTC()},
		Data: event.PersonChanged{Person: someone(user), Deactivated: true},
	}
}

func shows(b *bundle, text string) bool {
	for _, m := range b.messages() {
		if strings.Contains(string(m.Blocks), text) {
			return true
		}
	}
	return false
}
