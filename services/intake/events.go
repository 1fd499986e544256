package intake

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/event"
)

// callback is the outer event of the Events API, as far as we read it.
type callback struct {
	Type       string          `json:"type"`
	Challenge  string          `json:"challenge"`
	EventID    string          `json:"event_id"`
	Team       string          `json:"team_id"`
	Enterprise string          `json:"enterprise_id"`
	Event      json.RawMessage `json:"event"`
}

type challengeAnswer struct {
	Challenge string `json:"challenge"`
}

// postEvent answers the Events API. An error makes Slack send the event again,
// with the same event_id, so that it is published with the same id.
func (s *Service) postEvent(ctx context.Context, body []byte) (answer, error) {
	var c callback
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, fmt.Errorf("reading an event: %w", errBadRequest)
	}
	switch c.Type {
	case "url_verification":
		return challengeAnswer{c.Challenge}, nil
	case "event_callback":
		return nil, s.slackEvent(ctx, c)
	default:
		return nil, nil
	}
}

func (s *Service) slackEvent(ctx context.Context, c callback) error {
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(c.Event, &kind); err != nil || c.Team == "" || c.EventID == "" {
		return fmt.Errorf("reading an event: %w", errBadRequest)
	}
	switch kind.Type {
	case "app_home_opened":
		return s.homeOpened(ctx, c)
	case "user_change":
		return s.userChanged(ctx, c)
	default:
		return nil
	}
}

func (s *Service) homeOpened(ctx context.Context, c callback) error {
	var opened struct {
		User string `json:"user"`
		Tab  string `json:"tab"`
	}
	if err := json.Unmarshal(c.Event, &opened); err != nil || opened.User == "" {
		return fmt.Errorf("reading app_home_opened: %w", errBadRequest)
	}
	if opened.Tab != "home" {
		return nil
	}
	by, err := s.lookUp(ctx, event.Person{Enterprise: c.Enterprise, Team: c.Team, User: opened.User})
	if err != nil {
		return err
	}
	return s.publish(ctx, event.About{Discriminator: c.EventID}, event.HomeOpened{By: by})
}

func (s *Service) userChanged(ctx context.Context, c callback) error {
	var changed struct {
		User slack.User `json:"user"`
	}
	if err := json.Unmarshal(c.Event, &changed); err != nil || changed.User.ID == "" {
		return fmt.Errorf("reading user_change: %w", errBadRequest)
	}
	who := described(event.Person{Enterprise: c.Enterprise, Team: c.Team, User: changed.User.ID}, changed.User)
	return s.publish(ctx, event.About{Discriminator: c.EventID},
		event.PersonChanged{Person: who, Deactivated: changed.User.Deleted})
}
