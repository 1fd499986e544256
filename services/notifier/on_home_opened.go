package notifier

import (
	"context"
	"fmt"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
)

// OnHomeOpened shows somebody their own live and recent requests.
func (s *Service) OnHomeOpened(ctx context.Context, e event.Typed[event.HomeOpened]) error {
	home, err := s.Homes.Table().Load(ctx, recordOf("home", e.Data.By.User))
	if err != nil {
		return err
	}
	blocks, err := s.homeBlocks(ctx, e.Data.By, home.State.Requests)
	if err != nil {
		return err
	}
	_, err = s.Slack.PublishViewContext(ctx, slack.PublishViewContextRequest{
		UserID: e.Data.By.User, View: slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}},
	})
	if err != nil {
		return slackui.Outcome(fmt.Errorf("publishing a Home tab: %w", err))
	}
	return nil
}

func (s *Service) homeBlocks(ctx context.Context, by event.Person, ids []string) ([]slack.Block, error) {
	say := textsFor(by.Locale)
	blocks := []slack.Block{slackui.Header(say.HomeTitle), slackui.Section(say.HomeHint)}
	if len(ids) == 0 {
		return append(blocks, slackui.Context(say.HomeEmpty)), nil
	}
	for _, id := range ids {
		r, err := s.Requests.Table().Load(ctx, id)
		if err != nil {
			return nil, err
		}
		if r.State.Phase() == Unheard || r.State.Ask.Requester.User != by.User {
			continue
		}
		blocks = append(blocks, slackui.Divider(), slackui.Section(s.summary(r.State, say)))
		blocks = append(blocks, slackui.Actions("home-"+id, s.homeButtons(id, r.State, say)...)...)
	}
	return blocks, nil
}

// summary is a request in two lines, without anything secret.
func (s *Service) summary(st State, say texts) string {
	lines := fmt.Sprintf("*%s* · %s", s.heading(st, say), s.what(st))
	switch {
	case st.Usable():
		lines += "\n" + fmt.Sprintf(say.EndsAt, slackui.Date(st.End()))
	case st.Receipt != nil:
		lines += "\n" + fmt.Sprintf(say.EndedAt, slackui.Date(st.Receipt.EndedAt))
	}
	return lines
}

func (s *Service) homeButtons(id string, st State, say texts) []slackui.Button {
	buttons := s.buttons(id, st, say)
	if st.Usable() && st.Lease.Auth == authPassword {
		show := slackui.Button{Action: slackui.ShowCredentials, Label: say.ShowCredentials, Value: slackui.ButtonValue{RequestID: id, Digest: st.Digest}}
		buttons = append([]slackui.Button{show}, buttons...)
	}
	return buttons
}
