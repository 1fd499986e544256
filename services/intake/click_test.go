package intake_test

import (
	"testing"

	slackgo "github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/services/intake"
)

// message posts a message with a button for the action.
func (d *desk) message(action event.Action, request string) (ts string) {
	d.t.Helper()
	value := slackui.ButtonValue{RequestID: request, Digest: "dig"}.Encode()
	button := slackgo.NewButtonBlockElement(slackui.ActionID(action), value, slackgo.NewTextBlockObject("plain_text", "Go", false, false))
	_, ts, err := d.api.PostMessageContext(d.t.Context(), "C0SHOPDB", slackgo.MsgOptionBlocks(slackgo.NewActionBlock("", button)), slackgo.MsgOptionText("x", false))
	must(d.t, err)
	return ts
}

func (d *desk) click(user, ts string, action event.Action) {
	d.t.Helper()
	must(d.t, d.slack.ClickButton(d.t.Context(), user, "C0SHOPDB", ts, slackui.ActionID(action), ""))
}

func TestAClickBecomesASignedAction(t *testing.T) {
	t.Parallel()
	for _, action := range []event.Action{event.Approve, event.Look, event.Cancel, event.Release} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			d, id := newDesk(t), event.NewRequestID()
			ts := d.message(action, id)
			d.click("U0HANAKO", ts, action)
			e, a := only[event.ActionSubmitted](d)
			if e.Detail.RequestID != id || a.Action != action || a.By.User != "U0HANAKO" || a.By.Email != "hanako.sato@nimbus.example" ||
				a.Message != (event.Message{Channel: "C0SHOPDB", TS: ts}) || a.Digest != "dig" {
				t.Errorf("said %+v of %s", a, e.Detail.RequestID)
			}
			if s := d.slip(a.Slip, id); s.Action != string(action) || s.User != "U0HANAKO" || s.Digest != "dig" || s.ActionTS != a.ActionTS {
				t.Errorf("slip %+v", s)
			}
		})
	}
}

func TestAPersonsSecondClickIsAnotherEventAndSlacksRepetitionIsNot(t *testing.T) {
	t.Parallel()
	d, id := newDesk(t), event.NewRequestID()
	ts := d.message(event.Approve, id)
	d.click("U0HANAKO", ts, event.Approve)
	d.click("U0HANAKO", ts, event.Approve)
	d.click("U0KEN", ts, event.Approve)
	seen := map[string]bool{}
	for _, e := range d.bus.all() {
		seen[e.Detail.ID] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d different events of three clicks", len(seen))
	}
	repeated := `payload=%7B%22type%22%3A%22block_actions%22%2C%22team%22%3A%7B%22id%22%3A%22T1%22%7D%2C%22user%22%3A%7B%22id%22%3A%22U0KEN%22%7D%2C` +
		`%22container%22%3A%7B%22channel_id%22%3A%22C1%22%2C%22message_ts%22%3A%221.1%22%7D%2C%22actions%22%3A%5B%7B%22action_id%22%3A%22powerpole.approve%22%2C%22block_id%22%3A%22b%22%2C` +
		`%22action_ts%22%3A%222.2%22%2C%22value%22%3A%22%7B%5C%22r%5C%22%3A%5C%22` + id + `%5C%22%7D%22%7D%5D%7D`
	before := len(d.bus.all())
	for range 2 {
		if w := d.post("/slack/interactivity", repeated, nil); w.Code != 200 {
			t.Fatalf("status %d", w.Code)
		}
	}
	if all := d.bus.all()[before:]; len(all) != 2 || all[0].Detail.ID != all[1].Detail.ID {
		t.Errorf("a repeated delivery is %d events of different ids", len(all))
	}
}

func TestWhatNeedsAReasonAsksForItFirst(t *testing.T) {
	t.Parallel()
	for _, action := range []event.Action{event.Deny, event.BreakGlass, event.Review} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			d, id := newDesk(t), event.NewRequestID()
			ts := d.message(action, id)
			d.click("U0HANAKO", ts, action)
			if n := len(d.bus.all()); n != 0 {
				t.Fatalf("%d events before there is a reason", n)
			}
			v := d.view("U0HANAKO")
			answer, err := d.slack.SubmitView(t.Context(), "U0HANAKO", v.ID, map[string]any{intake.ReasonAction: "  "})
			must(t, err)
			if answer.Errors[intake.ReasonBlock] == "" {
				t.Errorf("an empty reason was taken: %+v", answer)
			}
			_, err = d.slack.SubmitView(t.Context(), "U0HANAKO", v.ID, map[string]any{intake.ReasonAction: "not now"})
			must(t, err)
			_, a := only[event.ActionSubmitted](d)
			if a.Action != action || a.Comment != "not now" || a.Message.TS != ts || a.Digest != "dig" {
				t.Errorf("said %+v", a)
			}
			if s := d.slip(a.Slip, id); s.Action != string(action) || s.ActionTS != a.ActionTS {
				t.Errorf("slip %+v", s)
			}
		})
	}
}

func TestAnExtensionAsksForHowLongAndWhy(t *testing.T) {
	t.Parallel()
	d, id := newDesk(t), event.NewRequestID()
	d.click("U0TARO", d.message(event.Extend, id), event.Extend)
	_, err := d.slack.SubmitView(t.Context(), "U0TARO", d.view("U0TARO").ID, map[string]any{intake.ExtraAction: "30m", intake.ReasonAction: "not done"})
	must(t, err)
	if _, a := only[event.ActionSubmitted](d); a.Action != event.Extend || a.Extra.Std().Minutes() != 30 || a.Comment != "not done" {
		t.Errorf("said %+v", a)
	}
}

func TestCredentialsAreAskedForInAModalThatSaysToWait(t *testing.T) {
	t.Parallel()
	d, id := newDesk(t), event.NewRequestID()
	d.click("U0TARO", d.message(slackui.ShowCredentials, id), slackui.ShowCredentials)
	v := d.view("U0TARO")
	e, c := only[event.CredentialsAsked](d)
	if v.Callback != intake.CredentialsCallback || c.ViewID != v.ID || e.Detail.RequestID != id || c.By.User != "U0TARO" {
		t.Errorf("view %s of %s, said %+v", v.ID, v.Callback, c)
	}
	if s := d.slip(c.Slip, id); s.Action != "credentials" || s.User != "U0TARO" {
		t.Errorf("slip %+v", s)
	}
}

func TestAnotherAppsButtonIsLeftAlone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	body := `payload=%7B%22type%22%3A%22block_actions%22%2C%22team%22%3A%7B%22id%22%3A%22T1%22%7D%2C%22user%22%3A%7B%22id%22%3A%22U1%22%7D%2C%22actions%22%3A%5B%7B%22action_id%22%3A%22other%22%2C%22block_id%22%3A%22b%22%7D%5D%7D`
	if w := d.post("/slack/interactivity", body, nil); w.Code != 200 || len(d.bus.all()) != 0 {
		t.Errorf("status %d, %d events", w.Code, len(d.bus.all()))
	}
}
