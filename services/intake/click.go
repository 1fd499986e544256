package intake

import (
	"context"
	"fmt"
	"slices"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/pkg/warrant"
)

func (s *Service) clickedOne(ctx context.Context, c slack.InteractionCallback, a slack.BlockAction) error {
	if a.ActionID == ClusterAction {
		return s.clusterChosen(ctx, c, a)
	}
	action, ours := slackui.ParseActionID(a.ActionID)
	if !ours || action != slackui.ShowCredentials && !slices.Contains(event.Actions(), action) {
		return nil
	}
	value, err := slackui.ParseButtonValue(a.Value)
	if err != nil {
		return fmt.Errorf("%w: %w", errBadRequest, err)
	}
	m := metadata{
		RequestID: value.RequestID, Digest: value.Digest, Action: action, ActionTS: a.ActionTs,
		Channel: c.Container.ChannelID, MessageTS: c.Container.MessageTs,
	}
	if action == slackui.ShowCredentials || callbackFor(action) != "" {
		m.Language = s.language(ctx, identity(c))
	}
	switch action {
	case slackui.ShowCredentials:
		return s.credentialsAsked(ctx, c, m)
	case event.Deny, event.BreakGlass, event.Review:
		return s.open(ctx, c, reasonView(m))
	case event.Extend:
		return s.open(ctx, c, extendView(m))
	default:
		return s.submit(ctx, c, m, "", 0)
	}
}

// clusterChosen shows what the chosen cluster offers. The hash refuses an update
// of a form that has moved on.
func (s *Service) clusterChosen(ctx context.Context, c slack.InteractionCallback, a slack.BlockAction) error {
	m, err := parseMetadata(c.View.PrivateMetadata)
	if err != nil {
		return err
	}
	view := s.requestView(m, a.SelectedOption.Value)
	if _, err := s.Slack.UpdateViewContext(ctx, view, "", c.View.Hash, c.View.ID); err != nil {
		return fmt.Errorf("showing a cluster's form: %w", err)
	}
	return nil
}

func (s *Service) open(ctx context.Context, c slack.InteractionCallback, view slack.ModalViewRequest) error {
	if _, err := s.Slack.OpenViewContext(ctx, c.TriggerID, view); err != nil {
		return fmt.Errorf("opening %s: %w", view.CallbackID, err)
	}
	return nil
}

// submit says what a person wants. Slack's repetition of a click has the same
// event id, a person's second click another.
func (s *Service) submit(ctx context.Context, c slack.InteractionCallback, m metadata, comment string, extra event.Duration) error {
	by, err := s.person(ctx, c)
	if err != nil {
		// Who it is was signed by Slack; the rest approval looks up as of its
		// own moment anyway.
		s.Log.WarnContext(ctx, "looking a person up failed", "request", m.RequestID, "error", err)
	}
	slip, err := s.sign(by, warrant.Slip{
		Action: string(m.Action), RequestID: m.RequestID, Digest: m.Digest, ActionTS: m.ActionTS,
	})
	if err != nil {
		return fmt.Errorf("signing a click: %w", err)
	}
	return s.publish(ctx, event.About{
		RequestID:     m.RequestID,
		Discriminator: discriminator(by.Team, m.Channel, m.MessageTS, string(m.Action), m.ActionTS, by.User),
	}, event.ActionSubmitted{
		Action: m.Action, By: by, Message: event.Message{Channel: m.Channel, TS: m.MessageTS},
		Comment: comment, Extra: extra, Digest: m.Digest, ActionTS: m.ActionTS, Slip: slip,
	})
}

// credentialsAsked opens a modal that says to wait, and has the notifier fill
// it: intake never sees a credential.
func (s *Service) credentialsAsked(ctx context.Context, c slack.InteractionCallback, m metadata) error {
	opened, err := s.Slack.OpenViewContext(ctx, c.TriggerID, loadingView(m))
	if err != nil {
		return fmt.Errorf("opening the credentials: %w", err)
	}
	by := identity(c)
	slip, err := s.sign(by, warrant.Slip{
		Action: string(slackui.ShowCredentials), RequestID: m.RequestID, Digest: m.Digest, ActionTS: m.ActionTS,
	})
	if err != nil {
		return fmt.Errorf("signing a click: %w", err)
	}
	return s.publish(ctx, event.About{RequestID: m.RequestID, Discriminator: opened.View.ID},
		event.CredentialsAsked{By: by, ViewID: opened.View.ID, Slip: slip})
}
