package notifier_test

import (
	"testing"

	"github.com/powerpole/powerpole/pkg/event"
)

func TestAnAlarmIsToldTheOperatorsOnceWithItsRunbook(t *testing.T) {
	t.Parallel()
	b := setup(t)
	w, _ := b.tapped(t)
	e := of(b, event.Grantor, event.Alarmed{Alarm: "warrant-not-genuine", Text: "look at <!channel> & this"})
	w.fail = "chat.postMessage"
	if err := b.OnAlarmed(t.Context(), e); err == nil {
		t.Fatal("the lost answer was not noticed")
	}
	w.fail = ""
	for range 3 {
		ok(t, b.OnAlarmed(t.Context(), e))
	}
	told := b.slack.Messages("U0EMMA", "C0OPS")
	if len(told) != 1 {
		t.Fatalf("told: %+v", told)
	}
	must(t, string(told[0].Blocks), "warrant-not-genuine", "grantor", b.id, "https://runbooks.example/warrant-not-genuine.md")
	mustNot(t, string(told[0].Blocks), "\\u003c!channel")

	other := of(b, event.Reaper, event.Alarmed{Alarm: "overdue", Text: "x"})
	other.RequestID = ""
	ok(t, b.OnAlarmed(t.Context(), other))
	if n := len(b.slack.Messages("U0EMMA", "C0OPS")); n != 2 {
		t.Errorf("%d messages, want one for each alarm", n)
	}
}

func TestAnAlarmThatSlackRefusesRaisesNone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, log := b.tapped(t)
	b.slack.SetError("chat.postMessage", 1, "is_archived")
	ok(t, b.OnAlarmed(t.Context(), of(b, event.Grantor, event.Alarmed{Alarm: "overdue", Text: "x"})))
	must(t, log.String(), "slack refused an alarm", "is_archived")
	if sent := b.bus.Sent(); len(sent) != 0 {
		t.Errorf("published: %+v", sent)
	}
}

func TestALineAtTheEndWhoseAnswerWasLostIsNotSaidTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	w, _ := b.tapped(t)
	heard := b.heard(t)
	for _, deliver := range heard[:9] {
		ok(t, deliver(t.Context()))
	}
	w.fail = "chat.postMessage"
	if err := heard[9](t.Context()); err == nil {
		t.Fatal("the lost answer was not noticed")
	}
	w.fail = ""
	ok(t, heard[9](t.Context()))
	if n := len(b.slack.Messages("U0HANAKO", "C0SHOPDB")); n != 1 {
		t.Errorf("the channel was told %d times", n)
	}
}
