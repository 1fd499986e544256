package intake

import (
	"context"
	"fmt"
	"net/url"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/event"
)

func (s *Service) postCommand(ctx context.Context, body []byte) (answer, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fmt.Errorf("reading a command: %w", errBadRequest)
	}
	return s.command(ctx, slack.SlashCommand{
		TeamID: form.Get("team_id"), UserID: form.Get("user_id"), Command: form.Get("command"),
		Text: form.Get("text"), TriggerID: form.Get("trigger_id"),
	})
}

// command opens the modal. The request's id is made here and travels in it, so
// that sending the same form again is the same request.
func (s *Service) command(ctx context.Context, c slack.SlashCommand) (answer, error) {
	if c.TriggerID == "" || c.UserID == "" {
		return nil, fmt.Errorf("reading a command: %w", errBadRequest)
	}
	by := event.Person{Team: c.TeamID, User: c.UserID}
	m := metadata{RequestID: event.NewRequestID(), Language: s.language(ctx, by)}
	view := s.requestView(m, s.onlyCluster())
	if _, err := s.Slack.OpenViewContext(ctx, c.TriggerID, view); err != nil {
		s.Log.ErrorContext(ctx, "opening the form failed", "error", err)
		return ephemeral(textsFor(m.Language).NotOpened), nil
	}
	return nil, nil
}

type ephemeralAnswer struct {
	Type string `json:"response_type"`
	Text string `json:"text"`
}

func ephemeral(text string) answer { return ephemeralAnswer{"ephemeral", text} }
