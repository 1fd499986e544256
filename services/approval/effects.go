package approval

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/schedule"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/pkg/store"
)

// Names of what is done outside, as claims bear them.
const (
	doArm    = "arm"
	doPost   = "post"
	doEdit   = "edit"
	doDisarm = "disarm"
)

// effectWithin is how long an effect may take.
const effectWithin = 15 * time.Second

// alarmSlack is for what Slack understood and refused.
const alarmSlack = "slack-refused"

// markType is the type of the approvers' message's metadata.
const markType = "powerpole_request"

type (
	action     = store.Action[State]
	transition = store.Transition[State]
)

// scheduleName is that of the schedule at the pending limit.
func scheduleName(id string) string { return id + "-pending-1" }

// arm puts the pending limit into the scheduler. Its name is its key, so doing
// it again changes nothing.
func (s *Service) arm(q Request, h event.Header, resolves string) store.Step[State] {
	return store.Act(action{Name: doArm, Resolves: resolves, For: effectWithin, Do: func(ctx context.Context, _ State) (transition, error) {
		due, err := event.New(event.About{Source: event.Approval, RequestID: q.ID, Cause: h, Trace: bus.TraceOf(ctx), At: s.Clock.Now()}, event.PendingDue{})
		if err != nil {
			return transition{}, err
		}
		// What is past is due now, and follow looks at that itself.
		if err := s.Scheduler.Once(ctx, scheduleName(q.ID), q.Due(), due); err != nil && !errors.Is(err, schedule.ErrPast) {
			return transition{}, err
		}
		return transition{To: func(st *State) { st.Armed = true }}, nil
	}})
}

func (s *Service) disarm(q Request, resolves string) store.Step[State] {
	return store.Act(action{Name: doDisarm, Resolves: resolves, For: effectWithin, Do: func(ctx context.Context, _ State) (transition, error) {
		if err := s.Scheduler.Delete(ctx, scheduleName(q.ID)); err != nil {
			return transition{}, err
		}
		return transition{To: func(st *State) { st.Disarmed = true }}, nil
	}})
}

// post asks the approvers. Where a post was begun before, and nobody knows what
// became of it, it is looked for first.
func (s *Service) post(q Request, begun *store.Claim) store.Step[State] {
	a := action{Name: doPost, For: effectWithin}
	mark := slackui.Mark{Type: markType, Key: q.ID}
	channel := s.channel(q)
	if begun != nil {
		a.Resolves = begun.Name
	}
	a.Do = func(ctx context.Context, _ State) (transition, error) {
		if begun != nil {
			ts, err := slackui.Find(ctx, s.Slack, channel, mark, begun.Since)
			if err != nil && !slackui.Refused(err) {
				return transition{}, unanswered(err)
			}
			if ts != "" {
				return posted(channel, ts, 0), nil
			}
		}
		if q.Over() {
			return transition{To: func(st *State) { st.Unpostable = "over" }}, nil
		}
		if err := s.pace.Wait(ctx, channel); err != nil {
			return transition{}, unanswered(err)
		}
		_, ts, err := s.Slack.PostMessageContext(ctx, channel, append(s.message(q), mark.Option())...)
		if slackui.Refused(err) {
			return s.refusedBySlack("posting in "+channel, err, func(st *State) { st.Unpostable = slackui.ErrorCode(err) }), nil
		}
		if err != nil {
			return transition{}, unanswered(fmt.Errorf("asking the approvers in %q: %w", channel, err))
		}
		return posted(channel, ts, q.Shown), nil
	}
	return store.Act(a)
}

func posted(channel, ts string, shown int) transition {
	return transition{To: func(st *State) { st.Message, st.Shown = event.Message{Channel: channel, TS: ts}, shown }}
}

// edit shows what the log says now. One that somebody has deleted is posted
// again while anybody can still decide.
func (s *Service) edit(q Request, resolves string) store.Step[State] {
	return store.Act(action{Name: doEdit, Resolves: resolves, For: effectWithin, Do: func(ctx context.Context, st State) (transition, error) {
		_, _, _, err := s.Slack.UpdateMessageContext(ctx, st.Message.Channel, st.Message.TS, s.message(q)...)
		shown := func(st *State) { st.Shown = q.Shown }
		switch {
		case err == nil:
			return transition{To: shown}, nil
		case slackui.MessageGone(err) && !q.Over():
			return transition{To: func(st *State) { st.Message = event.Message{} }}, nil
		case slackui.Refused(err):
			return s.refusedBySlack("editing in "+st.Message.Channel, err, shown), nil
		default:
			return transition{}, unanswered(fmt.Errorf("editing the approvers' message: %w", err))
		}
	}})
}

// unanswered is what becomes of a message while Slack takes nothing: all that is
// shown is in the log, so the sweep shows it in the end.
func unanswered(err error) error { return bus.OnRecord(slackui.Outcome(err)) }

// refusedBySlack goes on without what Slack refused, and tells the operators.
func (s *Service) refusedBySlack(what string, err error, to func(*State)) transition {
	code := slackui.ErrorCode(err)
	return transition{To: to, Emit: []store.Emit{{Discriminator: what + code, Data: event.Alarmed{
		Alarm: alarmSlack, Text: fmt.Sprintf("Slack refused %s: %.64s.", what, code),
	}}}}
}

func (s *Service) channel(q Request) string {
	cluster, _ := s.Catalog.Cluster(q.Cluster)
	return cluster.Channel
}
