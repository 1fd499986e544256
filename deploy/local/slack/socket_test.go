package slack

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
)

// connected is a workspace on a real port, with slack-go's Socket Mode client
// connected to it. Its events end with the test.
func connected(t *testing.T) (*Server, *socketmode.Client) {
	t.Helper()
	s := New(Options{})
	web := httptest.NewServer(s.Handler())
	s.SetBaseURL(web.URL)
	tokens := s.Tokens()
	client := socketmode.New(slack.New(tokens.Bot, slack.OptionAppLevelToken(tokens.App), slack.OptionAPIURL(s.APIURL()), slack.OptionHTTPClient(web.Client())))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); client.RunContext(ctx) }()
	t.Cleanup(func() { cancel(); s.Close(); <-ended; web.Close() })
	for e := range client.Events {
		if e.Type == socketmode.EventTypeHello {
			return s, client
		}
	}
	t.Fatal("the client stopped")
	return nil, nil
}

// next is the next event that carries a request.
func next(t *testing.T, c *socketmode.Client) socketmode.Event {
	t.Helper()
	for e := range c.Events {
		if e.Request != nil && e.Request.EnvelopeID != "" {
			return e
		}
	}
	t.Fatal("the client stopped")
	return socketmode.Event{}
}

func TestSocketModeCarriesCommandsInteractionsAndEvents(t *testing.T) {
	t.Parallel()
	s, client := connected(t)
	if !s.SocketConnected() {
		t.Fatal("not connected")
	}
	done := make(chan *Message, 1)
	go func() {
		m, err := s.SlashCommand(context.Background(), "U0TARO", "C0OPS", "/powerpole", "db")
		if err != nil {
			t.Error(err)
		}
		done <- m
	}()
	e := next(t, client)
	command, ok := e.Data.(slack.SlashCommand)
	if !ok || command.UserID != "U0TARO" || command.Text != "db" || command.TriggerID == "" {
		t.Errorf("command: %+v", e.Data)
	}
	client.Ack(*e.Request, map[string]any{"text": "hello"})
	if m := <-done; m == nil || m.Text != "hello" {
		t.Errorf("the answer: %+v", m)
	}
	go func() {
		err := s.OpenHome(context.Background(), "U0TARO")
		if err != nil {
			t.Error(err)
		}
		done <- nil
	}()
	e = next(t, client)
	if event, ok := e.Data.(slackevents.EventsAPIEvent); !ok || event.InnerEvent.Type != "app_home_opened" {
		t.Errorf("event: %+v", e.Data)
	}
	client.Ack(*e.Request)
	<-done
}

func TestSocketModeCarriesTheAnswerToASubmission(t *testing.T) {
	t.Parallel()
	s, client := connected(t)
	go func() {
		e := next(t, client)
		client.Ack(*e.Request)
		api := slack.New(s.Tokens().Bot, slack.OptionAPIURL(s.APIURL()), slack.OptionHTTPClient(s.Client()))
		if _, err := api.OpenView(e.Data.(slack.SlashCommand).TriggerID, modal("Ask")); err != nil {
			t.Error(err)
		}
		e = next(t, client)
		if _, ok := e.Data.(slack.InteractionCallback); !ok {
			t.Errorf("interaction: %+v", e.Data)
		}
		client.Ack(*e.Request, slack.NewErrorsViewSubmissionResponse(map[string]string{"reason_block": "no"}))
	}()
	changed, stop := s.Subscribe()
	defer stop()
	if _, err := s.SlashCommand(t.Context(), "U0TARO", "C0OPS", "/powerpole", ""); err != nil {
		t.Fatal(err)
	}
	for s.OpenView("U0TARO") == nil {
		<-changed
	}
	var v slack.View
	if err := json.Unmarshal(s.OpenView("U0TARO"), &v); err != nil {
		t.Fatal(err)
	}
	answer, err := s.SubmitView(t.Context(), "U0TARO", v.ID, map[string]any{"role": "READ", "reason": "x"})
	if err != nil || answer.Errors["reason_block"] != "no" {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestSocketModeNeedsTheAppToken(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	for token, wanted := range map[string]string{b.server.Tokens().Bot: "not_allowed_token_type", "xapp-wrong": "invalid_auth", b.server.Tokens().App: ""} {
		api := slack.New("", slack.OptionAppLevelToken(token), slack.OptionAPIURL(b.server.APIURL()), slack.OptionHTTPClient(b.server.Client()))
		_, _, err := api.StartSocketModeContext(t.Context())
		want(t, err, wanted)
	}
}

func TestSocketAddressWorksOnce(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	ticket := s.sockets.ticket()
	if !s.sockets.take(ticket) || s.sockets.take(ticket) || s.sockets.take("made-up") {
		t.Error("a ticket works not exactly once")
	}
}
