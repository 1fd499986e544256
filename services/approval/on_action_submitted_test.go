package approval_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	localslack "github.com/powerpole/powerpole/deploy/local/slack"
	pbus "github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
	"github.com/powerpole/powerpole/services/approval"
)

func TestNobodyDecidesAboutTheirOwnRequest(t *testing.T) {
	t.Parallel()
	for _, action := range []event.Action{event.Approve, event.Deny, event.Look} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.slack.SetUserGroup(localslack.UserGroup{ID: "S0DBA", Users: []string{"U0TARO", "U0ALIAS"}})
			b.slack.SetUser(localslack.User{ID: "U0ALIAS", RealName: "Another Taro", Email: "Taro.Yamada+alias@nimbus.example"})
			e := b.open(t, ask())
			b.act(t, e, "U0TARO", action)
			b.act(t, e, "U0ALIAS", action)
			refused := b.refusals(t)
			if len(refused) != 2 {
				t.Fatalf("refused: %q, want both", refused)
			}
			// An approval is refused by itself, whatever the policies say.
			if action == event.Approve && refused[1] != "U0ALIAS approve: nobody decides about their own request" {
				t.Errorf("refused: %q", refused[1])
			}
			if got := b.kinds(t, e.RequestID); !slices.Equal(got, []approval.Kind{approval.Requested, approval.Refused, approval.Refused}) {
				t.Errorf("the log says %v", got)
			}
		})
	}
}

func TestOnlyApproversDecideAndOnlyThoseOfThatMoment(t *testing.T) {
	t.Parallel()
	t.Run("not an approver", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.act(t, b.open(t, ask()), "U0OLIVER", event.Approve)
		b.refusedOnce(t, "no policy permits this")
	})
	t.Run("no more an approver", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		e := b.open(t, ask())
		b.slack.SetUserGroup(localslack.UserGroup{ID: "S0DBA", Users: []string{"U0KEN"}})
		b.act(t, e, "U0HANAKO", event.Approve)
		b.refusedOnce(t, "no policy permits this")
	})
	t.Run("deactivated since", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		e := b.open(t, ask())
		b.slack.SetUser(localslack.User{ID: "U0HANAKO", Email: "hanako.sato@nimbus.example", Deleted: true})
		b.act(t, e, "U0HANAKO", event.Approve)
		b.refusedOnce(t, "deactivated")
	})
	t.Run("listed by their own id", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.act(t, b.open(t, ask()), "U0EMMA", event.Approve)
		if n := len(servicetest.Said[event.Approved](t, b.bus)); n != 1 {
			t.Errorf("Approved was said %d times", n)
		}
	})
}

func TestWhatSlackDoesNotSayIsANo(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*localslack.Server){
		"limited":        func(s *localslack.Server) { s.SetRateLimit("usergroups.users.list", 1, time.Second) },
		"down":           func(s *localslack.Server) { s.SetStatus("usergroups.users.list", 1, 500) },
		"no paid plan":   func(s *localslack.Server) { s.SetError("usergroups.users.list", 1, "plan_upgrade_required") },
		"person unknown": func(s *localslack.Server) { s.SetStatus("users.info", 2, 503) },
	}
	for name, fail := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			e := b.open(t, ask())
			fail(b.slack)
			b.act(t, e, "U0HANAKO", event.Approve)
			b.refusedOnce(t, "")
			b.act(t, e, "U0HANAKO", event.Approve)
			if n := len(servicetest.Said[event.Approved](t, b.bus)); n != 1 {
				t.Errorf("the second click, when Slack answers, said Approved %d times", n)
			}
		})
	}
}

func TestARequesterWhoLeftGetsNothingApproved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := b.open(t, ask())
	b.slack.SetUser(localslack.User{ID: "U0TARO", Email: "taro.yamada@nimbus.example", Deleted: true})
	b.act(t, e, "U0HANAKO", event.Approve)
	b.refusedOnce(t, "the requester may not have this any more: guests")
}

func TestAnApprovalIsForWhatWasShown(t *testing.T) {
	t.Parallel()
	for name, digest := range map[string]string{"another digest": "another", "no digest": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			e := b.open(t, ask())
			b.act(t, e, "U0EMMA", event.Approve, func(a *event.ActionSubmitted) { a.Digest = digest })
			b.refusedOnce(t, "not the request as it is now")
		})
	}
}

func TestAClickThatIntakeDidNotSignMovesNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*event.Typed[event.ActionSubmitted]){
		"by another":      func(e *event.Typed[event.ActionSubmitted]) { e.Data.By.User = "U0HANAKO" },
		"another action":  func(e *event.Typed[event.ActionSubmitted]) { e.Data.Action = event.Approve },
		"another click":   func(e *event.Typed[event.ActionSubmitted]) { e.Data.ActionTS = "1.2" },
		"another digest":  func(e *event.Typed[event.ActionSubmitted]) { e.Data.Digest = "other" },
		"another request": func(e *event.Typed[event.ActionSubmitted]) { e.RequestID = event.NewRequestID() },
		"none":            func(e *event.Typed[event.ActionSubmitted]) { e.Data.Slip = "." },
	}
	for name, forge := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			e := b.open(t, ask())
			c := b.click(t, e, "U0KEN", event.Look)
			forge(&c)
			if err := b.OnActionSubmitted(t.Context(), c); !pbus.IsTerminal(err) {
				t.Errorf("got %v, want it parked", err)
			}
			if got := b.kinds(t, e.RequestID); len(got) != 1 {
				t.Errorf("the log says %v", got)
			}
			if alarms := servicetest.Said[event.Alarmed](t, b.bus); len(alarms) != 1 {
				t.Errorf("alarms: %+v", alarms)
			}
		})
	}
}

func TestOneClickRepeatedIsOneDecision(t *testing.T) {
	t.Parallel()
	t.Run("the same event 100 times at once", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		e := b.open(t, ask())
		c := b.click(t, e, "U0HANAKO", event.Approve)
		b.atOnce(t, slices.Repeat([]event.Typed[event.ActionSubmitted]{c}, 100)...)
		b.approvedOnce(t, e)
	})
	t.Run("the same no 30 times at once", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		e := b.open(t, ask())
		c := b.click(t, e, "U0HANAKO", event.Deny)
		b.atOnce(t, slices.Repeat([]event.Typed[event.ActionSubmitted]{c}, 30)...)
		if refused := b.refusals(t); len(refused) != 0 {
			t.Errorf("the repetition was told that somebody was first: %q", refused)
		}
		if got := b.kinds(t, e.RequestID); !slices.Equal(got, []approval.Kind{approval.Requested, approval.Denied}) {
			t.Errorf("the log says %v", got)
		}
	})
	t.Run("11 events of the same click", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		e := b.open(t, ask())
		for i := range 11 {
			c := b.click(t, e, "U0HANAKO", event.Approve, func(a *event.ActionSubmitted) { a.ActionTS = "1.1" })
			c.ID = event.ID(event.Intake, "ActionSubmitted", e.RequestID, string(rune('a'+i)))
			ok(t, b.OnActionSubmitted(t.Context(), c))
		}
		b.approvedOnce(t, e)
	})
}

func TestTwoWhoDecideAtOnceAreSettledByTheLog(t *testing.T) {
	t.Parallel()
	for range 20 {
		b := setup(t)
		e := b.open(t, ask())
		b.atOnce(t, b.click(t, e, "U0HANAKO", event.Approve), b.click(t, e, "U0KEN", event.Deny), b.click(t, e, "U0TARO", event.Cancel))
		decided := len(servicetest.Said[event.Approved](t, b.bus)) + len(servicetest.Said[event.Denied](t, b.bus))
		// A cancel after the approval is a release, and the other two are told.
		if cancelled := len(servicetest.Said[event.Cancelled](t, b.bus)); decided+cancelled != 1 {
			t.Fatalf("%d decisions and %d cancellations", decided, cancelled)
		}
		if n := len(servicetest.Said[event.Voted](t, b.bus)); n != 3 {
			t.Errorf("%d of three people were answered", n)
		}
	}
}

// atOnce handles clicks at once. Who meets another that is just editing the
// message asks later.
func (b *bundle) atOnce(tb testing.TB, clicks ...event.Typed[event.ActionSubmitted]) {
	tb.Helper()
	var all sync.WaitGroup
	for _, c := range clicks {
		all.Go(func() {
			if err := b.OnActionSubmitted(tb.Context(), c); err != nil {
				if _, later := pbus.IsLater(err); !later {
					tb.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func (b *bundle) approvedOnce(tb testing.TB, e event.Typed[event.RequestCreated]) {
	tb.Helper()
	if n := len(servicetest.Said[event.Approved](tb, b.bus)); n != 1 {
		tb.Errorf("Approved was said %d times", n)
	}
	if got := b.kinds(tb, e.RequestID); !slices.Equal(got, []approval.Kind{approval.Requested, approval.Approved}) {
		tb.Errorf("the log says %v", got)
	}
	if n := len(b.messages()); n != 1 {
		tb.Errorf("%d messages were posted", n)
	}
}

func TestWhereTwoMustApproveTheyAreTwoPeople(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.slack.SetUser(localslack.User{ID: "U0HANAKO2", RealName: "Hanako", Email: "HANAKO.SATO+2@nimbus.example"})
	b.slack.SetUserGroup(localslack.UserGroup{ID: "S0DBA", Users: []string{"U0HANAKO", "U0HANAKO2", "U0KEN"}})
	e := b.open(t, ask(func(a *event.Ask) { a.Role = "DDL" }))
	b.act(t, e, "U0HANAKO", event.Approve)
	b.act(t, e, "U0HANAKO", event.Approve)
	b.act(t, e, "U0HANAKO2", event.Approve)
	if n := len(servicetest.Said[event.Approved](t, b.bus)); n != 0 {
		t.Fatal("one person was two")
	}
	if shown := string(b.messages()[0].Blocks); !strings.Contains(shown, "still needed: 1") || !strings.Contains(shown, "powerpole.approve") {
		t.Errorf("the message does not say that one is missing: %s", shown)
	}
	b.act(t, e, "U0KEN", event.Approve)
	approved := servicetest.Said[event.Approved](t, b.bus)
	if len(approved) != 1 || len(approved[0].Approvers) != 2 {
		t.Fatalf("Approved: %+v", approved)
	}
	if w, err := b.verifier.Warrant(approved[0].Warrant, e.RequestID); err != nil || len(w.Approvers) != 2 {
		t.Errorf("the warrant says %+v, %v", w, err)
	}
}

func TestADenialSaysWhoAndWhyAndLaterClicksAreToldOfIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := b.open(t, ask())
	b.act(t, e, "U0KEN", event.Look)
	b.act(t, e, "U0KEN", event.Deny, func(a *event.ActionSubmitted) { a.Comment = "not on a Friday" })
	denied := servicetest.Said[event.Denied](t, b.bus)
	if len(denied) != 1 || denied[0].By.User != "U0KEN" || denied[0].Reason != "not on a Friday" {
		t.Errorf("Denied: %+v", denied)
	}
	b.act(t, e, "U0EMMA", event.Approve)
	b.refusedOnce(t, "Ken Suzuki has denied this already")
	if shown := string(b.messages()[0].Blocks); !strings.Contains(shown, "not on a Friday") || strings.Contains(shown, "powerpole.approve") {
		t.Errorf("the message shows %s", shown)
	}
}

func TestWhatIsNotOfferedIsRefused(t *testing.T) {
	t.Parallel()
	for _, action := range []event.Action{event.BreakGlass, event.Review} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.act(t, b.open(t, ask()), "U0EMMA", action)
			b.refusedOnce(t, "not offered")
		})
	}
}

func TestAClickAheadOfItsRequestWaitsAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		c := b.click(t, b.request(t, ask()), "U0TARO", event.Cancel)
		if _, later := pbus.IsLater(b.OnActionSubmitted(t.Context(), c)); !later {
			t.Error("it did not wait")
		}
		time.Sleep(2 * time.Minute)
		ok(t, b.OnActionSubmitted(t.Context(), c))
		b.refusedOnce(t, "does not know this request")
	})
}

func TestRefusalsAreAnsweredEveryTimeAndFillNoLog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := b.open(t, ask())
	for range 30 {
		b.act(t, e, "U0OLIVER", event.Approve)
	}
	if n := len(b.refusals(t)); n != 30 {
		t.Errorf("%d of 30 clicks were answered", n)
	}
	if n := len(b.kinds(t, e.RequestID)); n != 2 {
		t.Errorf("the log has %d rows", n)
	}
}

func TestADecisionWhoseEventDidNotGoOutGoesOutLaterAsItWas(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := b.open(t, ask())
	c := b.click(t, e, "U0HANAKO", event.Approve)
	b.bus.SetDown(true)
	if err := b.OnActionSubmitted(t.Context(), c); err == nil {
		t.Fatal("nobody noticed that the bus is away")
	}
	b.bus.SetDown(false)
	rows, err := b.log.Rows(t.Context(), e.RequestID)
	ok(t, err)
	owed := rows[1].Owes[0]
	ok(t, b.OnActionSubmitted(t.Context(), c))
	b.approvedOnce(t, e)
	for _, published := range b.bus.Sent() {
		if published.Type == "Approved" && (published.Detail.ID != owed.Detail.ID || string(published.Detail.Data) != string(owed.Detail.Data)) {
			t.Error("what went out is not what was decided")
		}
	}
}
