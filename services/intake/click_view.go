package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/event"
)

func modal(m metadata, say texts, callback, title, submit string, blocks ...slack.Block) slack.ModalViewRequest {
	v := slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: callback, PrivateMetadata: m.encode(),
		Title: plain(title), Close: plain(say.Cancel), Blocks: slack.Blocks{BlockSet: blocks},
	}
	if submit != "" {
		v.Submit = plain(submit)
	}
	return v
}

// reasonView asks why, for what nobody may do without saying so.
func reasonView(m metadata) slack.ModalViewRequest {
	say := textsFor(m.Language)
	title, submit, hint := say.DenyTitle, say.DenyTitle, say.DenyHint
	switch m.Action {
	case event.BreakGlass:
		title, submit, hint = say.BreakGlass, say.BreakGlass, say.BreakGlassHint
	case event.Review:
		title, submit, hint = say.Review, say.ReviewSubmit, say.ReviewHint
	}
	return modal(m, say, ReasonCallback, title, submit, reasonInput(say.Why, hint, maxReason))
}

// extendView asks for how much longer. What the ceiling allows is approval's to
// say.
func extendView(m metadata) slack.ModalViewRequest {
	say := textsFor(m.Language)
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain(say.Choose), ExtraAction)
	for _, d := range []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour} {
		menu.Options = append(menu.Options, option(hours(d), hours(d)))
	}
	return modal(m, say, ExtendCallback, say.Extend, say.ExtendSubmit,
		slack.NewInputBlock(ExtraBlock, plain(say.HowMuchLonger), nil, menu),
		reasonInput(say.Why, say.ExtendHint, maxReason))
}

func loadingView(m metadata) slack.ModalViewRequest {
	say := textsFor(m.Language)
	v := modal(m, say, CredentialsCallback, say.Credentials, "", slack.NewSectionBlock(plain(say.OneMoment), nil, nil))
	v.Close = plain(say.Close)
	return v
}

// explained answers a form that belongs to a click.
func (s *Service) explained(ctx context.Context, c slack.InteractionCallback) (answer, error) {
	m, err := parseMetadata(c.View.PrivateMetadata)
	if err != nil {
		return nil, err
	}
	f, problems, say := values(c), map[string]string{}, textsFor(m.Language)
	comment, problem := readText(f[ReasonBlock].Value, maxReason, true, say)
	if problem != "" {
		problems[ReasonBlock] = problem
	}
	var extra event.Duration
	if c.View.CallbackID == ExtendCallback {
		if extra, problem = parseDuration(f[ExtraBlock].SelectedOption.Value, say); problem != "" {
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
		return refuse(say.Unsent), nil
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
