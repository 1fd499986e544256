package notifier_test

import (
	"strings"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/reason"
)

func refused(b *bundle, by event.Person, channel string) event.Typed[event.Voted] {
	return of(b, event.Approval, event.Voted{
		By: by, Action: event.Approve, Refused: "no <!channel> for you", Message: event.Message{Channel: channel, TS: "1.1"},
	})
}

func TestWhoMayNotIsToldSoWhereTheyClickedAloneAndOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := refused(b, hanako(), "C0SHOPDB")
	for range 3 {
		ok(t, b.OnVoted(t.Context(), e))
	}
	told := b.slack.Messages("U0HANAKO", "C0SHOPDB")
	if len(told) != 1 || told[0].EphemeralTo != "U0HANAKO" {
		t.Fatalf("told: %+v", told)
	}
	must(t, told[0].Text, "実行されませんでした", "&lt;!channel&gt;")
	if others := b.slack.Messages("U0KEN", "C0SHOPDB"); len(others) != 0 {
		t.Errorf("others see %+v", others)
	}
}

func TestWhoMayNotReadsWhyInTheirLanguage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := refused(b, hanako(), "C0SHOPDB")
	e.Data.Refused = reason.Join([]string{reason.NoCluster.Say("shop"), reason.OwnRequest.Say()})
	ok(t, b.OnVoted(t.Context(), e))
	must(t, b.slack.Messages("U0HANAKO", "C0SHOPDB")[0].Text, `クラスター "shop" はありません; 自分の申請を自分で判断することはできません`)
}

func TestWhoIsNotInTheChannelIsToldDirectly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, channel := range []string{"C0BILLINGDB", "C0NOWHERE", ""} {
		ok(t, b.OnVoted(t.Context(), refused(b, event.Person{Team: "T0NIMBUS", User: "U0GUEST"}, channel)))
	}
	if told := b.direct("U0GUEST"); len(told) != 3 || !strings.Contains(told[0].Text, "Not done") {
		t.Errorf("told: %+v", told)
	}
}

func TestARefusalThatWasLimitedIsToldLater(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := refused(b, hanako(), "C0SHOPDB")
	b.slack.SetRateLimit("chat.postEphemeral", 1, 5*time.Second)
	if after, later := bus.IsLater(b.OnVoted(t.Context(), e)); !later || after != 5*time.Second {
		t.Errorf("asked again after %v (%v)", after, later)
	}
	ok(t, b.OnVoted(t.Context(), e))
	if told := b.slack.Messages("U0HANAKO", "C0SHOPDB"); len(told) != 1 {
		t.Errorf("told: %+v", told)
	}
}

func TestWhoApprovedAndHowManyAreMissingIsShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ok(t, b.OnRequestCreated(t.Context(), b.created(t)))
	ok(t, b.OnVoted(t.Context(), of(b, event.Approval, event.Voted{By: hanako(), Action: event.Approve, Taken: true, Needed: 1})))
	must(t, b.shown(t), "Approved by \\u003c@U0HANAKO", "still needed: 1")
	ok(t, b.OnVoted(t.Context(), of(b, event.Approval, event.Voted{By: emma(), Action: event.Cancel, Taken: true})))
	mustNot(t, b.shown(t), "Approved by \\u003c@U0EMMA")
}
