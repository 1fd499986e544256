package approval_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	localslack "github.com/powerpole/powerpole/deploy/local/slack"
	pbus "github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
	"github.com/powerpole/powerpole/services/approval"
)

func due(e event.Typed[event.RequestCreated]) event.Typed[event.PendingDue] {
	return event.Typed[event.PendingDue]{Source: event.Approval, Header: event.Header{
		ID: event.ID(event.Approval, "PendingDue", e.RequestID, ""), RequestID: e.RequestID, Version: 1, OccurredAt: time.Now().UTC(),
	}}
}

func TestARequestThatNobodyDecidesLapsesAtThePendingLimitAndNotBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		e := b.open(t, ask())
		at, armed := b.clock.armed(e.RequestID + "-pending-1")
		if !armed || time.Until(at) > 8*time.Hour || time.Until(at) < 8*time.Hour-time.Minute {
			t.Fatalf("armed %v for %v", armed, at)
		}
		time.Sleep(8*time.Hour - 30*time.Second)
		if after, later := pbus.IsLater(b.OnPendingDue(t.Context(), due(e))); !later || after > 30*time.Second {
			t.Errorf("a schedule that fired early asked again after %v (%v)", after, later)
		}
		time.Sleep(30 * time.Second)
		for range 2 {
			ok(t, b.OnPendingDue(t.Context(), due(e)))
		}
		if lapsed := servicetest.Said[event.Lapsed](t, b.bus); len(lapsed) != 1 {
			t.Errorf("Lapsed was said %d times", len(lapsed))
		}
		b.act(t, e, "U0EMMA", event.Approve)
		b.refusedOnce(t, "lapsed already")
		if shown := string(b.messages()[0].Blocks); !strings.Contains(shown, "Lapsed") {
			t.Errorf("the message shows %s", shown)
		}
	})
}

func TestALapseAfterADecisionChangesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		e := b.open(t, ask())
		b.act(t, e, "U0HANAKO", event.Approve)
		time.Sleep(9 * time.Hour)
		ok(t, b.OnPendingDue(t.Context(), due(e)))
		b.approvedOnce(t, e)
		ok(t, b.OnPendingDue(t.Context(), due(b.request(t, ask())))) // never heard of
		if lapsed := servicetest.Said[event.Lapsed](t, b.bus); len(lapsed) != 0 {
			t.Errorf("Lapsed: %+v", lapsed)
		}
	})
}

// reaped is the reaper's receipt for a request.
func reaped(e event.Typed[event.RequestCreated]) event.Typed[event.Reaped] {
	now := time.Now().UTC()
	return event.Typed[event.Reaped]{
		Source: event.Reaper, Header: event.Header{ID: event.ID(event.Reaper, "Reaped", e.RequestID, ""), RequestID: e.RequestID, Version: 1, OccurredAt: now},
		Data: event.Reaped{
			Cause: event.ByTime, EndedAt: now, ReapedAt: now,
			Account:  event.Revoked{Outcome: event.Gone, Killed: 2, SeenAt: now, How: "looked"},
			Instance: event.InstanceTerminated{Outcome: event.Gone, SeenAt: now, How: "looked"},
		},
	}
}

func TestTheReceiptEndsTheLogAndFreesThePlace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := b.open(t, ask())
	b.act(t, e, "U0HANAKO", event.Approve)
	if got := b.live(t); !slices.Equal(got, []string{e.RequestID}) {
		t.Errorf("live: %v", got)
	}
	for range 2 {
		ok(t, b.OnReaped(t.Context(), reaped(e)))
	}
	b.act(t, e, "U0KEN", event.Release)
	want := []approval.Kind{approval.Requested, approval.Approved, approval.Ended}
	if got := b.kinds(t, e.RequestID); !slices.Equal(got, want) {
		t.Errorf("the log says %v, want %v", got, want)
	}
	if got := b.live(t); len(got) != 0 {
		t.Errorf("still live: %v", got)
	}
	if shown := string(b.messages()[0].Blocks); !strings.Contains(shown, "account and bastion are gone") {
		t.Errorf("the message shows %s", shown)
	}
	b.open(t, ask())
	b.open(t, ask())
	if denied := servicetest.Said[event.Denied](t, b.bus); len(denied) != 0 {
		t.Errorf("the place was not freed: %+v", denied)
	}
}

// live lists what a sweep would look at.
func (b *bundle) live(tb testing.TB) []string {
	tb.Helper()
	var ids []string
	for id, err := range b.log.Candidates(tb.Context()) {
		ok(tb, err)
		ids = append(ids, id)
	}
	return ids
}

func TestAReceiptOfARequestThatWasNeverApprovedEndsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := b.open(t, ask())
	ok(t, b.OnReaped(t.Context(), reaped(e)))
	ok(t, b.OnReaped(t.Context(), reaped(b.request(t, ask()))))
	b.act(t, e, "U0HANAKO", event.Approve)
	b.approvedOnce(t, e)
}

func TestWhoIsDeactivatedLosesWhatTheyHaveOpen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	waiting, lease := b.open(t, ask()), b.open(t, ask())
	b.act(t, lease, "U0HANAKO", event.Approve)
	changed := event.Typed[event.PersonChanged]{
		Source: event.Intake, Header: event.Header{ID: "e1", Version: 1, OccurredAt: time.Now().UTC()},
		Data: event.PersonChanged{Person: someone("U0TARO"), Deactivated: true},
	}

	ok(t, b.OnPersonChanged(t.Context(), changed))
	if n := len(servicetest.Said[event.Denied](t, b.bus)) + len(servicetest.Said[event.Released](t, b.bus)); n != 0 {
		t.Fatal("an event alone, which Slack does not confirm, ended something")
	}

	b.slack.SetUser(localslack.User{ID: "U0TARO", Email: "taro.yamada@nimbus.example", Deleted: true})
	for range 2 {
		ok(t, b.OnPersonChanged(t.Context(), changed))
	}
	if got := b.kinds(t, waiting.RequestID); !slices.Equal(got, []approval.Kind{approval.Requested, approval.Denied}) {
		t.Errorf("the log of what waited says %v", got)
	}
	if got := b.kinds(t, lease.RequestID); !slices.Equal(got, []approval.Kind{approval.Requested, approval.Approved, approval.Released}) {
		t.Errorf("the log of the lease says %v", got)
	}
	if len(servicetest.Said[event.Denied](t, b.bus)) != 1 || len(servicetest.Said[event.Released](t, b.bus)) != 1 {
		t.Error("the others were not told once each")
	}
}

func TestAMessageThatSomebodyDeletedIsPostedAgainWhileAnybodyCanDecide(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := b.open(t, ask(func(a *event.Ask) { a.Role = "DDL" }))
	b.slack.SetError("chat.update", 1, "message_not_found")
	b.act(t, e, "U0HANAKO", event.Approve)
	if posted := b.messages(); len(posted) != 2 || !strings.Contains(string(posted[1].Blocks), "still needed: 1") {
		t.Errorf("%d messages: %+v", len(posted), posted)
	}
}

func TestAnEditThatWasLimitedIsDoneLater(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := b.open(t, ask())
	b.slack.SetRateLimit("chat.update", 1, 3*time.Second)
	c := b.click(t, e, "U0HANAKO", event.Approve)
	if after, later := pbus.IsLater(b.OnActionSubmitted(t.Context(), c)); !later || after != 3*time.Second {
		t.Errorf("asked again after %v (%v)", after, later)
	}
	if n := len(servicetest.Said[event.Approved](t, b.bus)); n != 1 {
		t.Error("the decision waited for Slack")
	}
	ok(t, b.OnActionSubmitted(t.Context(), c))
	b.approvedOnce(t, e)
	if shown := string(b.messages()[0].Blocks); !strings.Contains(shown, "Approved by") {
		t.Errorf("the message shows %s", shown)
	}
}
