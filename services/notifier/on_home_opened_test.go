package notifier_test

import (
	"strings"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/warrant"
)

func (b *bundle) openHome(tb testing.TB, p event.Person) string {
	tb.Helper()
	e := of(b, event.Intake, event.HomeOpened{By: p})
	e.RequestID = ""
	ok(tb, b.OnHomeOpened(tb.Context(), e))
	return string(b.slack.HomeView(p.User))
}

func TestTheHomeTabShowsOnesOwnRequestsAndNoPassword(t *testing.T) {
	t.Parallel()
	b := setup(t)
	must(t, b.openHome(t, emma()), "You have made no request yet")
	for _, deliver := range b.heard(t)[:6] {
		ok(t, deliver(t.Context()))
	}
	must(t, b.openHome(t, emma()), "You can connect", "Shop", "powerpole.credentials", "powerpole.release", b.id)
	mustNot(t, b.openHome(t, emma()), "Canary")
	must(t, b.openHome(t, hanako()), "申請はまだありません")
	mustNot(t, b.openHome(t, hanako()), b.id)

	ok(t, b.OnExpired(t.Context(), b.expired(event.ByTime)))
	ok(t, b.OnReaped(t.Context(), b.reaped()))
	must(t, b.openHome(t, emma()), "Your access has ended")
	mustNot(t, b.openHome(t, emma()), "powerpole.")
}

func TestTheHomeTabHoldsTheNewestTen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.id
	ids := []string{first}
	for i := range 11 {
		b.id = "pp-0" + string(rune('2'+i/10)) + strings.Repeat("0", 23) + string(rune('0'+i%10))
		ids = append(ids, b.id)
	}
	for range 2 {
		for _, id := range ids {
			b.id = id
			ok(t, b.OnRequestCreated(t.Context(), b.created(t)))
		}
	}
	home := b.openHome(t, emma())
	mustNot(t, home, first)
	if n := strings.Count(home, "Waiting for approval"); n != 10 {
		t.Errorf("%d requests are shown", n)
	}
}

// asked is intake's modal and what it publishes of it.
func (b *bundle) asked(tb testing.TB, user string, change func(*warrant.Slip)) event.Typed[event.CredentialsAsked] {
	tb.Helper()
	s := warrant.Slip{User: user, Action: "credentials", ActionTS: "1.1"}
	if change != nil {
		change(&s)
	}
	return of(b, event.Intake, event.CredentialsAsked{
		By: event.Person{Team: "T0NIMBUS", User: user}, ViewID: b.modal(tb, user), Slip: b.slip(tb, s),
	})
}

func TestCredentialsAreShownToTheRequesterOfTheRecordOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	heard := b.heard(t)
	ok(t, heard[0](t.Context()))
	ok(t, b.OnCredentialsAsked(t.Context(), b.asked(t, "U0EMMA", nil)))
	must(t, string(b.slack.OpenView("U0EMMA")), "There are no credentials")
	for _, deliver := range heard[1:6] {
		ok(t, deliver(t.Context()))
	}
	ok(t, b.OnCredentialsAsked(t.Context(), b.asked(t, "U0EMMA", nil)))
	must(t, string(b.slack.OpenView("U0EMMA")), asBlock(t, canary))
	ok(t, b.OnCredentialsAsked(t.Context(), b.asked(t, "U0HANAKO", nil)))
	must(t, string(b.slack.OpenView("U0HANAKO")), "These are not your credentials")
	mustNot(t, string(b.slack.OpenView("U0HANAKO")), "Canary")
}

func TestCredentialsAreShownForASlipOfThatPersonForThatOnly(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*warrant.Slip){
		"another person's": func(s *warrant.Slip) { s.User = "U0HANAKO" },
		"for a release":    func(s *warrant.Slip) { s.Action = "release" },
		"another digest":   func(s *warrant.Slip) { s.Digest = "another" },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			for _, deliver := range b.heard(t)[:6] {
				ok(t, deliver(t.Context()))
			}
			if err := b.OnCredentialsAsked(t.Context(), b.asked(t, "U0EMMA", change)); !bus.IsTerminal(err) {
				t.Errorf("got %v, want it parked", err)
			}
			mustNot(t, string(b.slack.OpenView("U0EMMA")), "Canary")
			b.alarmed(t, "slip-not-genuine", 1)
		})
	}
}

func TestAModalThatWasClosedIsNoError(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ok(t, b.OnRequestCreated(t.Context(), b.created(t)))
	e := b.asked(t, "U0EMMA", nil)
	e.Data.ViewID = "V0GONE"
	ok(t, b.OnCredentialsAsked(t.Context(), e))
}

func TestAClickOfYesterdayShowsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, deliver := range b.heard(t)[:6] {
		ok(t, deliver(t.Context()))
	}
	e := b.asked(t, "U0EMMA", nil)
	signed, err := b.slips.Slip(warrant.Slip{
		Team: "T0NIMBUS", User: "U0EMMA", Action: "credentials", RequestID: b.id, IssuedAt: time.Now().Add(-time.Hour),
	})
	ok(t, err)
	e.Data.Slip = signed
	ok(t, b.OnCredentialsAsked(t.Context(), e))
	mustNot(t, string(b.slack.OpenView("U0EMMA")), "Canary")
}
