package slackui_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/slackui"
)

const token = "xoxb-canary"

// answering is Slack, which gives one answer to everything.
type answering struct {
	status int
	after  string
	body   string
	asked  []string
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	a.asked = append(a.asked, r.URL.String()+" "+r.Header.Get("Authorization")+" "+string(sent))
	answer := &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}
	if a.after != "" {
		answer.Header.Set("Retry-After", a.after)
	}
	return answer, nil
}

func client(tb testing.TB, a *answering) *slack.Client {
	tb.Helper()
	c, err := slackui.NewClient("http://slack.example/api", secret.New(token), &http.Client{Transport: a})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestTheClientSpeaksToTheAddressWithTheToken(t *testing.T) {
	t.Parallel()
	a := &answering{status: 200, body: `{"ok":true}`}
	if _, err := client(t, a).AuthTestContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(a.asked) != 1 || !strings.HasPrefix(a.asked[0], "http://slack.example/api/auth.test ") || !strings.Contains(a.asked[0], token) {
		t.Errorf("asked %q", a.asked)
	}
	if _, err := slackui.NewClient("", secret.String{}, nil); err == nil {
		t.Error("a client without a token was made")
	}
}

func TestWhatSlackAnswersIsToldApartByItsCode(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer  answering
		later   time.Duration
		refused bool
		gone    bool
	}{
		"limited for 7 s":      {answer: answering{status: 429, after: "7"}, later: 7 * time.Second},
		"limited":              {answer: answering{status: 429}, later: 30 * time.Second},
		"limited in the body":  {answer: answering{status: 200, body: `{"ok":false,"error":"ratelimited"}`}, later: 30 * time.Second},
		"down":                 {answer: answering{status: 503}},
		"down in the body":     {answer: answering{status: 200, body: `{"ok":false,"error":"internal_error"}`}},
		"not understood":       {answer: answering{status: 200, body: `<html>`}},
		"refused":              {answer: answering{status: 200, body: `{"ok":false,"error":"channel_not_found"}`}, refused: true},
		"message was deleted":  {answer: answering{status: 200, body: `{"ok":false,"error":"message_not_found"}`}, refused: true, gone: true},
		"message of another's": {answer: answering{status: 200, body: `{"ok":false,"error":"cant_update_message"}`}, refused: true, gone: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, _, err := client(t, &tt.answer).UpdateMessageContext(t.Context(), "C1", "1.1", slack.MsgOptionText("x", false))
			if err == nil {
				t.Fatal("no error")
			}
			if after, later := bus.IsLater(slackui.Outcome(err)); after != tt.later || later != (tt.later > 0) {
				t.Errorf("later: %v, %v", after, later)
			}
			if slackui.Refused(err) != tt.refused || slackui.MessageGone(err) != tt.gone {
				t.Errorf("refused: %v, gone: %v", slackui.Refused(err), slackui.MessageGone(err))
			}
			if strings.Contains(err.Error(), token) {
				t.Errorf("the error holds the token: %v", err)
			}
		})
	}
	if slackui.Outcome(nil) != nil || slackui.Refused(nil) || slackui.Refused(errors.New("reset by peer")) {
		t.Error("no answer is taken for one")
	}
}

// pages is a channel's history, one message a page.
type pages []slack.Message

func (p pages) GetConversationHistoryContext(_ context.Context, ask *slack.GetConversationHistoryParameters) (*slack.GetConversationHistoryResponse, error) {
	n := len(ask.Cursor)
	answer := &slack.GetConversationHistoryResponse{Messages: p[n : n+1], HasMore: n+1 < len(p)}
	if answer.HasMore {
		answer.ResponseMetaData.NextCursor = ask.Cursor + "x"
	}
	return answer, nil
}

func TestAMessageOfOursIsFoundByItsMarkOnAnyPage(t *testing.T) {
	t.Parallel()
	message := func(ts, typ, key string) slack.Message {
		var m slack.Message
		m.Timestamp, m.Metadata = ts, slack.SlackMetadata{EventType: typ, EventPayload: map[string]any{"key": key}}
		return m
	}
	history := pages{message("1", "other", "pp-1"), message("2", "mine", "pp-2"), message("3", "mine", "pp-1")}
	for key, want := range map[string]string{"pp-1": "3", "pp-2": "2", "pp-3": ""} {
		got, err := slackui.Find(t.Context(), history, "C1", slackui.Mark{Type: "mine", Key: key}, time.Now())
		if err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", key, got, err, want)
		}
	}
}

func TestAButtonComesBackAsItWent(t *testing.T) {
	t.Parallel()
	value := slackui.ButtonValue{RequestID: event.NewRequestID(), Digest: "d"}
	raw, err := json.Marshal(slackui.Actions("row", slackui.Button{Action: event.Deny, Label: "Deny", Value: value, Sure: "Sure?", Yes: "Yes", No: "No"}))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []struct {
		Elements []struct {
			ActionID string `json:"action_id"`
			Value    string
			Confirm  map[string]any
		}
	}
	if err := json.Unmarshal(raw, &blocks); err != nil {
		t.Fatal(err)
	}
	e := blocks[0].Elements[0]
	action, ours := slackui.ParseActionID(e.ActionID)
	back, err := slackui.ParseButtonValue(e.Value)
	if action != event.Deny || !ours || err != nil || back != value || e.Confirm == nil {
		t.Errorf("%q, %v, %+v, %v, %v", action, ours, back, err, e.Confirm)
	}
	if _, ours := slackui.ParseActionID("another.app"); ours {
		t.Error("another app's button is taken for ours")
	}
	if _, err := slackui.ParseButtonValue(`{"r":"../secret"}`); err == nil {
		t.Error("what is no request's id was taken for one")
	}
	if slackui.Actions("row") != nil {
		t.Error("a row without buttons is a block, which Slack refuses")
	}
}

func TestNoBlockIsLongerThanSlackTakes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("長", 5000)
	raw, err := json.Marshal([]slack.Block{slackui.Header(long), slackui.Section(long), slackui.Fields(long, long), slackui.Context(long), slackui.Section("")})
	if err != nil {
		t.Fatal(err)
	}
	type text struct{ Text string }
	var blocks []struct {
		Text             text
		Fields, Elements []text
	}
	if err := json.Unmarshal(raw, &blocks); err != nil {
		t.Fatal(err)
	}
	for i, got := range []string{blocks[0].Text.Text, blocks[1].Text.Text, blocks[2].Fields[1].Text, blocks[3].Elements[0].Text, blocks[4].Text.Text} {
		want := []int{slackui.MaxHeader, slackui.MaxSection, slackui.MaxField, slackui.MaxField, 1}[i]
		if n := len([]rune(got)); n != want {
			t.Errorf("block %d has %d characters, want %d", i, n, want)
		}
	}
}
