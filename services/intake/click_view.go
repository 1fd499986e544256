package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/event"
)

func modal(m metadata, callback, title, submit string, blocks ...slack.Block) slack.ModalViewRequest {
	v := slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: callback, PrivateMetadata: m.encode(),
		Title: plain(title), Close: plain("Cancel"), Blocks: slack.Blocks{BlockSet: blocks},
	}
	if submit != "" {
		v.Submit = plain(submit)
	}
	return v
}

// reasonView asks why, for what nobody may do without saying so.
func reasonView(m metadata) slack.ModalViewRequest {
	title, submit, hint := "Deny", "Deny", "The person who asked will read it"
	switch m.Action {
	case event.BreakGlass:
		title, submit, hint = "Break the glass", "Break the glass", "Access begins at once. Everybody who would have been asked is told, and a review stays open."
	case event.Review:
		title, submit, hint = "Close the review", "Close", "What the review came to"
	}
	return modal(m, ReasonCallback, title, submit, reasonInput("Why", hint, maxReason))
}

// extendView asks for how much longer. What the ceiling allows is approval's to
// say.
func extendView(m metadata) slack.ModalViewRequest {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Choose"), ExtraAction)
	for _, d := range []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour} {
		menu.Options = append(menu.Options, option(hours(d), hours(d)))
	}
	return modal(m, ExtendCallback, "Extend", "Ask",
		slack.NewInputBlock(ExtraBlock, plain("How much longer"), nil, menu),
		reasonInput("Why", "For those who approve", maxReason))
}

func loadingView(m metadata) slack.ModalViewRequest {
	v := modal(m, CredentialsCallback, "Credentials", "", slack.NewSectionBlock(plain("One moment …"), nil, nil))
	v.Close = plain("Close")
	return v
}

// explained answers a form that belongs to a click.
func (s *Service) explained(ctx context.Context, c slack.InteractionCallback) (answer, error) {
	m, err := parseMetadata(c.View.PrivateMetadata)
	if err != nil {
		return nil, err
	}
	f, problems := values(c), map[string]string{}
	comment, problem := readText(f[ReasonBlock].Value, maxReason, true)
	if problem != "" {
		problems[ReasonBlock] = problem
	}
	var extra event.Duration
	if c.View.CallbackID == ExtendCallback {
		if extra, problem = parseDuration(f[ExtraBlock].SelectedOption.Value); problem != "" {
			problems[ExtraBlock] = problem
		}
	}
	if len(problems) > 0 {
		return slack.NewErrorsViewSubmissionResponse(problems), nil
	}
	if want := callbackFor(m.Action); want != c.View.CallbackID {
		return nil, fmt.Errorf("reading a form for %q: %w", m.Action, errBadRequest)
	}
	if err := s.submit(ctx, c, m, comment, extra); err != nil {
		s.Log.ErrorContext(ctx, "publishing a click failed", "request", m.RequestID, "error", err)
		return refuse("This could not be sent. Please send it again."), nil
	}
	return nil, nil
}

// callbackFor is the form that an action is asked for in, "" where it needs
// none.
func callbackFor(a event.Action) string {
	switch a {
	case event.Deny, event.BreakGlass, event.Review:
		return ReasonCallback
	case event.Extend:
		return ExtendCallback
	default:
		return ""
	}
}
