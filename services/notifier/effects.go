package notifier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/pkg/store"
)

// Names of what is done outside, as claims bear them.
const (
	doAnswer = "answer"
	doBegin  = "begin"
	doEdit   = "edit"
	doLine   = "line"
)

const (
	// effectWithin is how long an effect may take.
	effectWithin = 15 * time.Second
	// maxLost is how often a direct message is begun again that was deleted.
	maxLost = 2
	// maxTold is how many refusals are remembered as told.
	maxTold = 100
	// alarmSlack is for what Slack understood and refused.
	alarmSlack = "slack-refused"
	// markEnded is the type of the metadata of a channel's line at the end.
	markEnded = "powerpole_ended"
)

type (
	record     = store.Record[State]
	action     = store.Action[State]
	transition = store.Transition[State]
)

// begin posts a placeholder. It says nothing: if its answer is lost, another is
// posted, and nobody may read direct messages to find the first.
func (s *Service) begin(r record, resolves string, heard func(*State)) store.Step[State] {
	return store.Act(action{Name: doBegin, Resolves: resolves, Intent: heard, For: effectWithin, Do: func(ctx context.Context, st State) (transition, error) {
		channel, err := s.direct(ctx, st.Ask.Requester.User)
		ts := ""
		if err == nil {
			text := textsFor(st.Ask.Requester.Locale).Placeholder
			ts, err = s.say(ctx, channel, slack.MsgOptionText(text, false))
		}
		switch {
		case err == nil:
			return transition{To: func(st *State) { st.DM, st.Shown = event.Message{Channel: channel, TS: ts}, 0 }}, nil
		case slackui.Refused(err):
			code := slackui.ErrorCode(err)
			return refused("a direct message to a requester", code, func(st *State) { st.Undeliverable = code }), nil
		default:
			return transition{}, unanswered(fmt.Errorf("beginning the direct message of %s: %w", r.ID, err))
		}
	}})
}

// say posts a message, when its channel may be posted to.
func (s *Service) say(ctx context.Context, channel string, options ...slack.MsgOption) (ts string, err error) {
	if err := s.pace.Wait(ctx, channel); err != nil {
		return "", err
	}
	_, ts, err = s.Slack.PostMessageContext(ctx, channel, options...)
	return ts, err
}

func (s *Service) direct(ctx context.Context, user string) (string, error) {
	channel, _, _, err := s.Slack.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}})
	if err != nil {
		return "", err
	}
	if channel.ID == "" {
		return "", errors.New("opening a direct message: Slack named no channel")
	}
	return channel.ID, nil
}

// unanswered is what becomes of a message while Slack takes nothing: what it said
// is on record before any effect, so the sweep shows it in the end.
func unanswered(err error) error { return bus.OnRecord(slackui.Outcome(err)) }

// refused goes on without what Slack refused, and tells the operators.
func refused(what, code string, to func(*State)) transition {
	return transition{To: to, Emit: []store.Emit{{Discriminator: what + code, Data: event.Alarmed{
		Alarm: alarmSlack, Text: fmt.Sprintf("Slack refused %s: %.64s.", what, code),
	}}}}
}

// edit shows the record as it is.
func (s *Service) edit(r record, resolves string, heard func(*State)) store.Step[State] {
	return store.Act(action{Name: doEdit, Resolves: resolves, Intent: heard, For: effectWithin, Do: func(ctx context.Context, st State) (transition, error) {
		options, err := s.render(ctx, r.ID, st)
		if err != nil {
			return transition{}, bus.OnRecord(err) // a password cannot be read: as if Slack took nothing
		}
		_, _, _, err = s.Slack.UpdateMessageContext(ctx, st.DM.Channel, st.DM.TS, options...)
		shown := func(now *State) { now.Shown = st.Rev }
		switch {
		case err == nil:
			return transition{To: shown}, nil
		case slackui.MessageGone(err) && st.Lost < maxLost:
			return transition{To: func(st *State) { st.DM, st.Lost = event.Message{}, st.Lost+1 }}, nil
		case slackui.Refused(err):
			return refused(fmt.Sprintf("an edit of a direct message (%s)", st.Phase()), slackui.ErrorCode(err), shown), nil
		default:
			return transition{}, unanswered(fmt.Errorf("editing the direct message of %s: %w", r.ID, err))
		}
	}})
}

// line tells the cluster's channel of the end. Where that was begun before, it
// is looked for first.
func (s *Service) line(r record, begun *store.Claim, heard func(*State)) store.Step[State] {
	done := transition{To: func(st *State) { st.LineDone = true }}
	cluster, known := s.Catalog.Cluster(r.State.Ask.Cluster)
	if !known && begun == nil {
		return store.Move(done)
	}
	a := action{Name: doLine, Intent: heard, For: effectWithin}
	if begun != nil {
		a.Resolves = begun.Name
	}
	a.Do = func(ctx context.Context, st State) (transition, error) {
		mark := slackui.Mark{Type: markEnded, Key: r.ID}
		if begun != nil {
			ts, err := slackui.Find(ctx, s.Slack, cluster.Channel, mark, begun.Since)
			if err != nil && !slackui.Refused(err) {
				return transition{}, unanswered(err)
			}
			if ts != "" {
				return done, nil
			}
		}
		_, err := s.say(ctx, cluster.Channel, append(endLine(cluster, st), mark.Option())...)
		if slackui.Refused(err) {
			return refused("the line at the end in "+cluster.Channel, slackui.ErrorCode(err), done.To), nil
		}
		if err != nil {
			return transition{}, unanswered(fmt.Errorf("telling %q of the end of %s: %w", cluster.Channel, r.ID, err))
		}
		return done, nil
	}
	return store.Act(a)
}

// answer tells somebody why their click was not taken: where they clicked, to
// them alone, or else directly.
func (s *Service) answer(r record, resolves string, heard func(*State)) store.Step[State] {
	return store.Act(action{Name: doAnswer, Resolves: resolves, Intent: heard, For: effectWithin, Do: func(ctx context.Context, st State) (transition, error) {
		if len(st.Answers) == 0 {
			return transition{}, nil
		}
		a := st.Answers[0]
		told := func(st *State) {
			st.Answers = slices.Clone(st.Answers[1:])
			st.Told = append(slices.Clone(st.Told), a.ID)
			st.Told = st.Told[max(len(st.Told)-maxTold, 0):]
		}
		err := s.tell(ctx, a)
		if slackui.Refused(err) {
			return refused("an answer to somebody who clicked", slackui.ErrorCode(err), told), nil
		}
		if err != nil {
			return transition{}, unanswered(fmt.Errorf("answering a click on %s: %w", r.ID, err))
		}
		return transition{To: told}, nil
	}})
}

func (s *Service) tell(ctx context.Context, a Answer) error {
	say := textsFor(a.By.Locale)
	text := slack.MsgOptionText(fmt.Sprintf(say.NotTaken, slackui.Line(reason.In(say.Language, a.Text), maxReason)), false)
	if a.Message.Channel != "" {
		_, err := s.Slack.PostEphemeralContext(ctx, a.Message.Channel, a.By.User, text)
		if !slackui.Refused(err) {
			return err
		}
	}
	channel, err := s.direct(ctx, a.By.User)
	if err != nil {
		return err
	}
	_, err = s.say(ctx, channel, text)
	return err
}
