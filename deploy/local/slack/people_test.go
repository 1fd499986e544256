package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"
)

func TestSlashCommandSendsWhatSlackSends(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{Enterprise: Enterprise{ID: "E1", Name: "Group"}})
	if m, err := b.server.SlashCommand(t.Context(), "U0TARO", "C0SHOPDB", "/powerpole", "shop read"); m != nil || err != nil {
		t.Fatalf("an empty answer: %+v, %v", m, err)
	}
	r := must[*http.Request](t)(http.NewRequest("POST", "/", strings.NewReader(b.app.last().form.Encode())))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	c := must[slack.SlashCommand](t)(slack.SlashCommandParse(r))
	if c.TriggerID == "" || !strings.HasPrefix(c.ResponseURL, "http://slack.local/response/commands-") {
		t.Errorf("command: %+v", c)
	}
	c.TriggerID, c.ResponseURL = "", ""
	if wanted := (slack.SlashCommand{
		TeamID: "T0NIMBUS", TeamDomain: "nimbus", EnterpriseID: "E1", EnterpriseName: "Group", ChannelID: "C0SHOPDB", ChannelName: "db-shop",
		UserID: "U0TARO", UserName: "taro.yamada", Command: "/powerpole", Text: "shop read", APIAppID: appID,
	}); c != wanted {
		t.Errorf("got  %+v\nwant %+v", c, wanted)
	}
}

func TestAnswerToACommandIsShown(t *testing.T) {
	t.Parallel()
	for body, wanted := range map[string]Message{
		"plain":            {Text: "plain", EphemeralTo: "U0TARO"},
		`{"text":"quiet"}`: {Text: "quiet", EphemeralTo: "U0TARO"},
		`{"response_type":"in_channel","text":"for everybody"}`: {Text: "for everybody"},
	} {
		b := setup(t, Options{})
		b.app.answers(200, body)
		m, err := b.server.SlashCommand(t.Context(), "U0TARO", "C0OPS", "/powerpole", "")
		if err != nil || m.Text != wanted.Text || m.EphemeralTo != wanted.EphemeralTo {
			t.Errorf("%s: %+v, %v", body, m, err)
		}
		if seen := len(b.server.Messages("U0KEN", "C0OPS")); (seen == 1) != (wanted.EphemeralTo == "") {
			t.Errorf("%s: ken sees %d messages", body, seen)
		}
	}
}

func TestWhoIsNotThereCannotTypeACommand(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	for _, c := range [][2]string{{"U0LEFT", "C0OPS"}, {"U0NOBODY", "C0OPS"}, {"U0GUEST", "C0SHOPDB"}, {"U0TARO", "C0NOWHERE"}} {
		if _, err := b.server.SlashCommand(t.Context(), c[0], c[1], "/powerpole", ""); err == nil {
			t.Errorf("%v typed a command", c)
		}
	}
	if b.app.count() != 0 {
		t.Error("the app was told")
	}
}

func TestSlackWaitsThreeSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Options{})
		b.app.answer = func(received) (int, string) { time.Sleep(patience + time.Second); return 200, "" }
		begin := time.Now()
		_, err := b.server.SlashCommand(t.Context(), "U0TARO", "C0OPS", "/powerpole", "")
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != patience {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
		time.Sleep(time.Minute)
	})
}

func TestNothingIsDeliveredBeforeTheAppIsKnown(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	b.server.SetIntake(Intake{})
	_, err := b.server.SlashCommand(t.Context(), "U0TARO", "C0OPS", "/powerpole", "")
	if !errors.Is(err, errNoIntake) {
		t.Errorf("%v", err)
	}
}

// asked posts the approvers' message and gives its timestamp.
func (b *bundle) asked(t testing.TB) string {
	t.Helper()
	button := func(value string) *slack.ButtonBlockElement {
		return slack.NewButtonBlockElement("decide", value, plain(value))
	}
	deny := button("deny")
	deny.ActionID = "deny"
	_, ts, err := b.api.PostMessageContext(t.Context(), "C0SHOPDB", slack.MsgOptionText("Taro asks", false),
		slack.MsgOptionBlocks(slack.NewSectionBlock(plain("Taro asks"), nil, nil), slack.NewActionBlock("buttons", button("approve"), deny)))
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func TestClickCarriesMessageAndButton(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	ts := b.asked(t)
	if err := b.server.ClickButton(t.Context(), "U0HANAKO", "C0SHOPDB", ts, "decide", "approve"); err != nil {
		t.Fatal(err)
	}
	p := b.app.last().payload
	if p.Type != slack.InteractionTypeBlockActions || p.User.ID != "U0HANAKO" || p.Channel.ID != "C0SHOPDB" || p.Channel.Name != "db-shop" ||
		p.Message.Timestamp != ts || p.Message.Text != "Taro asks" || len(p.Message.Blocks.BlockSet) != 2 ||
		p.Container.Type != "message" || p.Container.MessageTs != ts || p.Container.ChannelID != "C0SHOPDB" || p.TriggerID == "" || p.ResponseURL == "" {
		t.Errorf("payload: %+v", p)
	}
	a := p.ActionCallback.BlockActions[0]
	if a.ActionID != "decide" || a.BlockID != "buttons" || a.Value != "approve" || a.Text.Text != "approve" || a.ActionTs == "" {
		t.Errorf("action: %+v", a)
	}
	first := a.ActionTs
	if err := b.server.ClickButton(t.Context(), "U0HANAKO", "C0SHOPDB", ts, "decide", ""); err != nil {
		t.Fatal(err)
	}
	if again := b.app.last().payload.ActionCallback.BlockActions[0].ActionTs; again <= first {
		t.Errorf("a second click has action_ts %s after %s", again, first)
	}
}

func TestOnlyWhatIsSeenCanBeClicked(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	ts := b.asked(t)
	for _, c := range [][4]string{
		{"U0GUEST", ts, "decide", "approve"},
		{"U0HANAKO", "1.000000", "decide", "approve"},
		{"U0HANAKO", ts, "destroy", ""},
		{"U0HANAKO", ts, "decide", "other"},
	} {
		if err := b.server.ClickButton(t.Context(), c[0], "C0SHOPDB", c[1], c[2], c[3]); !errors.Is(err, errNotThere) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestResponseURLWorksFiveTimesWithinHalfAnHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Options{})
		ts := b.asked(t)
		click := func() string {
			if err := b.server.ClickButton(t.Context(), "U0HANAKO", "C0SHOPDB", ts, "decide", ""); err != nil {
				t.Fatal(err)
			}
			return b.app.last().payload.ResponseURL
		}
		send := func(url string, options ...slack.MsgOption) error {
			_, _, err := b.api.PostMessageContext(t.Context(), "C0SHOPDB", append(options, slack.MsgOptionText("answer", false))...)
			return err
		}
		first := click()
		for range 5 {
			if err := send(first, slack.MsgOptionResponseURL(first, slack.ResponseTypeEphemeral)); err != nil {
				t.Fatal(err)
			}
		}
		if err := send(first, slack.MsgOptionResponseURL(first, slack.ResponseTypeEphemeral)); err == nil {
			t.Error("a sixth use succeeded")
		}
		if seen := b.server.Messages("U0HANAKO", "C0SHOPDB"); len(seen) != 6 || seen[5].EphemeralTo != "U0HANAKO" {
			t.Errorf("hanako sees %d messages", len(seen))
		}
		second := click()
		time.Sleep(responseLife + time.Second)
		if err := send(second, slack.MsgOptionResponseURL(second, slack.ResponseTypeEphemeral)); err == nil {
			t.Error("a use after half an hour succeeded")
		}
	})
}

func TestResponseURLReplacesAndDeletesTheOriginal(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	ts := b.asked(t)
	if err := b.server.ClickButton(t.Context(), "U0HANAKO", "C0SHOPDB", ts, "decide", ""); err != nil {
		t.Fatal(err)
	}
	url := b.app.last().payload.ResponseURL
	if _, _, err := b.api.PostMessageContext(t.Context(), "C0SHOPDB", slack.MsgOptionText("done", false), slack.MsgOptionReplaceOriginal(url)); err != nil {
		t.Fatal(err)
	}
	if seen := b.server.Messages("U0KEN", "C0SHOPDB"); len(seen) != 1 || seen[0].Text != "done" || seen[0].TS != ts {
		t.Errorf("after replacing: %+v", seen)
	}
	if _, _, err := b.api.PostMessageContext(t.Context(), "C0SHOPDB", slack.MsgOptionDeleteOriginal(url)); err != nil {
		t.Fatal(err)
	}
	if seen := b.server.Messages("U0KEN", "C0SHOPDB"); len(seen) != 0 {
		t.Errorf("after deleting: %+v", seen)
	}
}

func TestEventsURLIsVerified(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	if err := b.server.VerifyEventsURL(t.Context()); err == nil {
		t.Error("an empty answer verified")
	}
	b.app.answer = func(r received) (int, string) {
		var read struct{ Type, Challenge string }
		if err := json.Unmarshal(r.raw, &read); err != nil || read.Type != "url_verification" {
			t.Errorf("%s: %v", r.raw, err)
		}
		return 200, `{"challenge":"` + read.Challenge + `"}`
	}
	if err := b.server.VerifyEventsURL(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestChangedUserIsToldToTheApp(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	u := b.server.Users()[0]
	u.Deleted = true
	if err := b.server.ChangeUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Event struct {
			Type string
			User slack.User
		}
	}
	if err := json.Unmarshal(b.app.last().raw, &got); err != nil || got.Event.Type != "user_change" || got.Event.User.ID != "U0TARO" || !got.Event.User.Deleted {
		t.Errorf("event: %+v, %v", got, err)
	}
}

func TestWatchersAreToldOfChanges(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	changed, stop := b.server.Subscribe()
	b.asked(t)
	b.asked(t)
	<-changed
	select {
	case <-changed:
		t.Error("told twice without looking")
	default:
	}
	stop()
	b.asked(t)
	select {
	case <-changed:
		t.Error("told after the end")
	default:
	}
}

func TestOtherProcessesActAsPeople(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	ts := b.asked(t)
	id := b.opened(t)
	call := func(token, name string, body any, into any) int {
		method, raw := "GET", []byte(nil)
		if body != nil {
			method, raw = "POST", must[[]byte](t)(json.Marshal(body))
		}
		r := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), method, "http://slack.local/_people/"+name, bytes.NewReader(raw)))
		r.Header.Set("Authorization", "Bearer "+token)
		answer := must[*http.Response](t)(b.server.Client().Do(r))
		read := must[[]byte](t)(io.ReadAll(answer.Body))
		if into != nil {
			if err := json.Unmarshal(read, into); err != nil {
				t.Errorf("%s: %s: %v", name, read, err)
			}
		}
		return answer.StatusCode
	}
	token := b.server.Tokens().People
	for name, body := range map[string]any{
		"users": nil, "messages?user=U0HANAKO&channel=C0SHOPDB": nil, "view?user=U0TARO": nil,
		"click": object{"user": "U0HANAKO", "channel": "C0SHOPDB", "ts": ts, "action": "decide", "value": "approve"},
	} {
		if got := call("wrong", name, body, nil); got != 401 {
			t.Errorf("%s with a wrong token: %d", name, got)
		}
		if got := call(token, name, body, nil); got != 200 {
			t.Errorf("%s: %d", name, got)
		}
	}
	if p := b.app.last().payload; p.ActionCallback.BlockActions[0].Value != "approve" {
		t.Errorf("clicked: %+v", p)
	}
	var messages []Message
	call(token, "messages?user=U0HANAKO&channel=C0SHOPDB", nil, &messages)
	if len(messages) != 1 || messages[0].TS != ts {
		t.Errorf("messages: %+v", messages)
	}
	var answer ViewAnswer
	b.app.answers(200, `{"response_action":"errors","errors":{"reason_block":"too vague"}}`)
	call(token, "submit", object{"user": "U0TARO", "view": id, "values": object{"role": "READ", "reason": "x"}}, &answer)
	if answer.Action != "errors" || answer.Errors["reason_block"] != "too vague" {
		t.Errorf("submit: %+v", answer)
	}
	if got := call(token, "click", object{"user": "U0GUEST", "channel": "C0SHOPDB", "ts": ts, "action": "decide"}, nil); got != 400 {
		t.Errorf("what a person cannot do: %d, want 400", got)
	}
	b.app.answers(500, "")
	if got := call(token, "close", object{"user": "U0TARO", "view": id}, nil); got != 502 {
		t.Errorf("an app that fails: %d, want 502", got)
	}
}

func TestSecretsStayOutOfErrors(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	b.app.answers(500, "")
	_, err := b.server.SlashCommand(t.Context(), "U0TARO", "C0OPS", "/powerpole", "")
	tokens := b.server.Tokens()
	for _, s := range []string{tokens.App, tokens.Bot, tokens.People, tokens.SigningSecret} {
		if strings.Contains(fmt.Sprint(err), s) {
			t.Errorf("%v holds a secret", err)
		}
	}
}
