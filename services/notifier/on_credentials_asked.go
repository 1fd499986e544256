package notifier

import (
	"context"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// credentialsWithin is how old a click may be that still shows credentials: its
// modal is open at that moment or not at all.
const credentialsWithin = 10 * time.Minute

// OnCredentialsAsked fills the modal that intake has opened: with the
// credentials for the requester of the record, and with a no for everybody else.
func (s *Service) OnCredentialsAsked(ctx context.Context, e event.Typed[event.CredentialsAsked]) error {
	r, err := s.Requests.Table().Load(ctx, e.RequestID)
	if err != nil {
		return err
	}
	by := e.Data.By
	want := warrant.Slip{Enterprise: by.Enterprise, Team: by.Team, User: by.User, Action: string(slackui.ShowCredentials)}
	late, err := s.verifyCredentials(ctx, e, want, r.State.Digest)
	if err != nil || late {
		return err
	}
	blocks, err := s.credentialBlocks(ctx, e.RequestID, r.State, by)
	if err != nil {
		return err
	}
	say := textsFor(by.Locale)
	if st := r.State; st.Ask != nil && owns(st, by) {
		say = textsFor(st.Ask.Requester.Locale)
	}
	_, err = s.Slack.UpdateViewContext(ctx, slack.ModalViewRequest{
		Type: slack.VTModal, Blocks: slack.Blocks{BlockSet: blocks},
		Title: plain(say.CredentialsTitle), Close: plain(say.Close),
	}, "", "", e.Data.ViewID)
	if err == nil || slackui.ViewGone(err) {
		return nil // closed meanwhile: nobody is looking
	}
	return slackui.Outcome(fmt.Errorf("showing credentials of %s: %w", e.RequestID, err))
}

// verifyCredentials takes a slip with the request's digest or with none: which
// the button carried is no matter here, for whom it is decides.
func (s *Service) verifyCredentials(ctx context.Context, e event.Typed[event.CredentialsAsked], want warrant.Slip, digest string) (bool, error) {
	slip, err := s.Verifier.Slip(e.Data.Slip, e.RequestID, credentialsWithin)
	if err == nil && (slip.Digest == "" || slip.Digest == digest) {
		want.Digest = slip.Digest
	}
	want.ActionTS = slip.ActionTS
	return s.verify(ctx, e.Header, e.Data.Slip, credentialsWithin, want)
}

func (s *Service) credentialBlocks(ctx context.Context, id string, st State, by event.Person) ([]slack.Block, error) {
	say := textsFor(by.Locale)
	if st.Ask == nil || !owns(st, by) {
		return []slack.Block{slackui.Section(say.NotYours)}, nil
	}
	say = textsFor(st.Ask.Requester.Locale)
	if !st.Usable() {
		return []slack.Block{slackui.Section(say.NoCredentials)}, nil
	}
	return s.connection(ctx, id, st, say)
}

// owns reports whether the request is this person's own.
func owns(st State, p event.Person) bool {
	owner := st.Ask.Requester
	same := owner.Team == p.Team || owner.Enterprise != "" && owner.Enterprise == p.Enterprise
	return same && owner.User == p.User
}

func plain(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, slackui.Sanitize(text, slackui.MaxTitle), false, false)
}
