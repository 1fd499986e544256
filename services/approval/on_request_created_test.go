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
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/approval"
)

func TestWhatTheRulesRefuseIsDeniedWithAReasonAndAsksNobody(t *testing.T) {
	t.Parallel()
	by := func(user string) func(*event.Ask) { return func(a *event.Ask) { a.Requester = someone(user) } }
	tests := map[string]struct {
		change func(*event.Ask)
		why    string
	}{
		"a guest":                  {by("U0GUEST"), "guests"},
		"a stranger":               {by("U0STRANGER"), "people of other organisations"},
		"somebody who left":        {by("U0LEFT"), "deactivated"},
		"a bot":                    {by("U0DEPLOYBOT"), "bots"},
		"nobody that Slack knows":  {by("U0NOBODY"), "guests"},
		"another domain":           {by("U0ELSEWHERE"), "e-mail"},
		"an unknown cluster":       {func(a *event.Ask) { a.Cluster = "nowhere" }, "no cluster"},
		"another database":         {func(a *event.Ask) { a.Databases = []string{"mysql"} }, "does not offer the database"},
		"a role not offered":       {func(a *event.Ask) { a.Role = "SUPER" }, "does not offer the role"},
		"longer than the ceiling":  {func(a *event.Ask) { a.Duration = event.Duration(9 * time.Hour) }, "is not between"},
		"shorter than the minimum": {func(a *event.Ask) { a.Duration = 1 }, "is not between"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.slack.SetUser(localslack.User{ID: "U0ELSEWHERE", RealName: "Else Where", Email: "else@elsewhere.example"})
			e := b.open(t, ask(tt.change))
			denied := servicetest.Said[event.Denied](t, b.bus)
			if len(denied) != 1 || !strings.Contains(denied[0].Reason, tt.why) {
				t.Errorf("Denied: %+v, want one that says %q", denied, tt.why)
			}
			if n := len(b.messages()); n != 0 {
				t.Errorf("%d messages were posted", n)
			}
			if got := b.kinds(t, e.RequestID); !slices.Equal(got, []approval.Kind{approval.Denied}) {
				t.Errorf("the log says %v", got)
			}
		})
	}
}

func TestASlipThatDoesNotProveTheRequestMovesNothingAndRaisesAnAlarm(t *testing.T) {
	t.Parallel()
	tests := map[string]func(testing.TB, *bundle, *event.Typed[event.RequestCreated]){
		"altered": func(_ testing.TB, _ *bundle, e *event.Typed[event.RequestCreated]) {
			e.Data.Slip = "x" + e.Data.Slip[1:]
		},
		"of another request": func(tb testing.TB, b *bundle, e *event.Typed[event.RequestCreated]) {
			e.Data.Slip = b.request(tb, ask()).Data.Slip
		},
		"of another person": func(_ testing.TB, _ *bundle, e *event.Typed[event.RequestCreated]) {
			e.Data.Requester.User = "U0KEN"
		},
		"of another ask": func(_ testing.TB, _ *bundle, e *event.Typed[event.RequestCreated]) {
			e.Data.Role = "DML"
		},
		"for another action": func(tb testing.TB, b *bundle, e *event.Typed[event.RequestCreated]) {
			slip, err := b.slips.Slip(warrant.Slip{Team: "T0NIMBUS", User: "U0TARO", Action: "approve", RequestID: e.RequestID, Digest: e.Data.Digest, IssuedAt: time.Now()})
			ok(tb, err)
			e.Data.Slip = slip
		},
	}
	for name, forge := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			e := b.request(t, ask())
			forge(t, b, &e)
			if err := b.OnRequestCreated(t.Context(), e); !pbus.IsTerminal(err) {
				t.Errorf("got %v, want it parked", err)
			}
			if alarms := servicetest.Said[event.Alarmed](t, b.bus); len(alarms) != 1 || alarms[0].Alarm != "slip-not-genuine" {
				t.Errorf("alarms: %+v", alarms)
			}
			if got := b.kinds(t, e.RequestID); len(got) != 0 {
				t.Errorf("the log says %v", got)
			}
		})
	}
}

func TestARequestOlderThanThePendingLimitIsDenied(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		e := b.request(t, ask())
		time.Sleep(9 * time.Hour)
		ok(t, b.OnRequestCreated(t.Context(), e))
		if denied := servicetest.Said[event.Denied](t, b.bus); len(denied) != 1 || denied[0].Rule != "too-late" {
			t.Errorf("Denied: %+v", denied)
		}
	})
}

func TestTheSameRequestAgainAsksOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := b.request(t, ask())
	for range 3 {
		ok(t, b.OnRequestCreated(t.Context(), e))
	}
	if n := len(b.messages()); n != 1 {
		t.Errorf("%d messages were posted", n)
	}
	if got := b.kinds(t, e.RequestID); len(got) != 1 {
		t.Errorf("the log says %v", got)
	}
}

func TestAMessageWhosePostingWasNeverAnsweredIsFoundAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := b.request(t, ask())
	b.wire.loseNext("chat.postMessage")
	if err := b.OnRequestCreated(t.Context(), e); err == nil {
		t.Fatal("the lost answer was not noticed")
	}
	ok(t, b.OnRequestCreated(t.Context(), e))
	if n := len(b.messages()); n != 1 {
		t.Fatalf("%d messages were posted", n)
	}
	b.act(t, e, "U0HANAKO", event.Deny)
	if text := string(b.messages()[0].Blocks); !strings.Contains(text, "Denied by") {
		t.Errorf("the message that was found is not the one that is edited: %s", text)
	}
}

func TestOnePersonHasOnlySoManyRequestsOpen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.open(t, ask())
	b.open(t, ask())
	b.open(t, ask())
	if denied := servicetest.Said[event.Denied](t, b.bus); len(denied) != 1 || denied[0].Rule != "open-per-person" {
		t.Fatalf("Denied: %+v", denied)
	}
	b.act(t, first, "U0TARO", event.Cancel)
	again := b.open(t, ask())
	if got := b.kinds(t, again.RequestID); !slices.Equal(got, []approval.Kind{approval.Requested}) {
		t.Errorf("after one was taken back the log of the next says %v", got)
	}
}

func TestWhatTheCatalogGivesWithoutApproversNamesItsRule(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := b.open(t, ask(func(a *event.Ask) { a.Cluster, a.Databases = "dev", []string{"dev"} }))
	approved := servicetest.Said[event.Approved](t, b.bus)
	if len(approved) != 1 {
		t.Fatalf("Approved was said %d times", len(approved))
	}
	w, err := b.verifier.Warrant(approved[0].Warrant, e.RequestID)
	if err != nil || w.Rule != "auto-approval" || len(w.Approvers) != 0 {
		t.Errorf("the warrant says %+v, %v", w, err)
	}
	posted := b.slack.Messages("U0HANAKO", "C0BILLINGDB")
	if len(posted) != 1 || strings.Contains(string(posted[0].Blocks), "powerpole.approve") || !strings.Contains(string(posted[0].Blocks), "カタログの規則") {
		t.Errorf("the channel sees %+v", posted)
	}
}

func TestAChannelThatCannotBeReachedDeniesInsteadOfWaiting(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.slack.SetChannel(localslack.Channel{ID: "C0SHOPDB", Name: "db-shop"}) // the app was thrown out
	b.open(t, ask())
	if denied := servicetest.Said[event.Denied](t, b.bus); len(denied) != 1 || !strings.Contains(denied[0].Reason, "not_in_channel") {
		t.Errorf("Denied: %+v", denied)
	}
	if alarms := servicetest.Said[event.Alarmed](t, b.bus); len(alarms) != 1 || alarms[0].Alarm != "slack-refused" {
		t.Errorf("alarms: %+v", alarms)
	}
}

func TestARateLimitIsWaitedOutAndLosesNothing(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"users.info", "chat.postMessage"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.slack.SetRateLimit(method, 1, 7*time.Second)
			e := b.request(t, ask())
			if after, later := pbus.IsLater(b.OnRequestCreated(t.Context(), e)); !later || after != 7*time.Second {
				t.Errorf("asked again after %v (%v)", after, later)
			}
			ok(t, b.OnRequestCreated(t.Context(), e))
			if n := len(b.messages()); n != 1 {
				t.Errorf("%d messages were posted", n)
			}
		})
	}
}

func TestWhatPeopleWriteIsNeverAMentionOrACommand(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.open(t, ask(func(a *event.Ask) {
		a.Reason = "<!channel> <@U0KEN> & \u202edrawkcab\x00\nnext line"
		a.Ticket = "<https://evil.example|TICKET-1> `x`"
	}))
	shown := string(b.messages()[0].Blocks) + b.messages()[0].Text
	for _, live := range []string{"<!channel>", "\\u003c!channel", "<@U0KEN>", "\\u003c@U0KEN", "\u202e", "<https://evil", "\\u003chttps://evil"} {
		if strings.Contains(shown, live) {
			t.Errorf("%q got through: %s", live, shown)
		}
	}
}

func TestHalfAServiceIsRefusedByName(t *testing.T) {
	t.Parallel()
	b := setup(t)
	o := b.options
	o.Signer, o.Scheduler = nil, nil
	_, err := approval.New(o)
	if err == nil || !strings.Contains(err.Error(), "signer") || !strings.Contains(err.Error(), "scheduler") {
		t.Errorf("got %v", err)
	}
	if _, err := approval.New(b.options); err != nil {
		t.Error(err)
	}
}
