package intake_test

import (
	"testing"

	"github.com/powerpole/powerpole/pkg/event"
)

func TestTheEventsURLIsVerified(t *testing.T) {
	t.Parallel()
	must(t, newDesk(t).slack.VerifyEventsURL(t.Context()))
}

func TestOpeningTheHomeTabIsPublished(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	must(t, d.slack.OpenHome(t.Context(), "U0TARO"))
	if e, h := only[event.HomeOpened](d); h.By.User != "U0TARO" || h.By.Locale != "ja-JP" || e.Detail.RequestID != "" {
		t.Errorf("said %+v", h)
	}
}

func TestSomebodyWhoWasDeactivatedIsPublished(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, u := range d.slack.Users() {
		if u.ID == "U0KEN" {
			u.Deleted = true
			must(t, d.slack.ChangeUser(t.Context(), u))
		}
	}
	if _, p := only[event.PersonChanged](d); p.Person.User != "U0KEN" || !p.Deactivated {
		t.Errorf("said %+v", p)
	}
}

func TestAnEventThatSlackSendsAgainHasTheSameID(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for range 2 {
		if w := d.post("/slack/events", homeOpened, nil); w.Code != 200 {
			t.Fatalf("status %d", w.Code)
		}
	}
	if all := d.bus.all(); len(all) != 2 || all[0].Detail.ID != all[1].Detail.ID {
		t.Error("the ids differ")
	}
}

func TestAnEventThatCannotBePublishedIsSentAgainBySlack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.bus.broken = true
	if w := d.post("/slack/events", homeOpened, nil); w.Code != 500 {
		t.Errorf("status %d, want 500", w.Code)
	}
}
