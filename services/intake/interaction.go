package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/slack-go/slack"
)

func (s *Service) postInteraction(ctx context.Context, body []byte) (answer, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fmt.Errorf("reading an interaction: %w", errBadRequest)
	}
	return s.rawInteraction(ctx, []byte(form.Get("payload")))
}

func (s *Service) rawInteraction(ctx context.Context, payload []byte) (answer, error) {
	var c slack.InteractionCallback
	if err := json.Unmarshal(payload, &c); err != nil {
		return nil, fmt.Errorf("reading an interaction: %w", errBadRequest)
	}
	return s.interaction(ctx, c)
}

// interaction answers a click, a form that was sent or a search in a menu. What
// is not ours is acknowledged and left alone.
func (s *Service) interaction(ctx context.Context, c slack.InteractionCallback) (answer, error) {
	if c.User.ID == "" || teamOf(c) == "" {
		return nil, fmt.Errorf("reading an interaction: %w", errBadRequest)
	}
	switch c.Type {
	case slack.InteractionTypeBlockSuggestion:
		return s.options(c), nil
	case slack.InteractionTypeBlockActions:
		return nil, s.clicked(ctx, c)
	case slack.InteractionTypeViewSubmission:
		return s.submitted(ctx, c)
	default:
		return nil, nil
	}
}

// submitted answers a form that was sent.
func (s *Service) submitted(ctx context.Context, c slack.InteractionCallback) (answer, error) {
	switch c.View.CallbackID {
	case RequestCallback:
		return s.requested(ctx, c)
	case ReasonCallback, ExtendCallback:
		return s.explained(ctx, c)
	default:
		return nil, nil
	}
}

// clicked goes through what was clicked: mostly one thing.
func (s *Service) clicked(ctx context.Context, c slack.InteractionCallback) error {
	for _, a := range c.ActionCallback.BlockActions {
		if err := s.clickedOne(ctx, c, *a); err != nil {
			return err
		}
	}
	return nil
}

// teamOf is the workspace that a person acts in. An organisation's app may be
// told none; the person's own is then given.
func teamOf(c slack.InteractionCallback) string {
	if c.Team.ID != "" {
		return c.Team.ID
	}
	return c.User.TeamID
}
