package notifier

import (
	"context"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/pkg/store"
)

// markAlarm is the type of the metadata of an alarm's message.
const markAlarm = "powerpole_alarm"

const doAlarm = "alarm"

// Alarm is what the notifier keeps of one alarm, so that it is told once.
type Alarm struct {
	Posted event.Message `json:"posted,omitzero"`
	// Refused is Slack's code where it took no message.
	Refused string `json:"refused,omitempty"`
}

// Live implements store.State.
func (a Alarm) Live() bool { return a.Posted.TS == "" && a.Refused == "" }

// Pointers implements store.State.
func (Alarm) Pointers() []store.Pointer { return nil }

// recordOf gives the id of a record that is of no request. It cannot be one's.
func recordOf(kind, key string) string { return kind + "#" + key }

// OnAlarmed tells the operators' channel, once for each alarm.
func (s *Service) OnAlarmed(ctx context.Context, e event.Typed[event.Alarmed]) error {
	h := e.Header
	h.RequestID = recordOf("alarm", e.ID)
	return patiently(ctx, s.Alarms, h, func(r store.Record[Alarm]) store.Step[Alarm] {
		if r.Claim == nil && !r.State.Live() {
			return store.Done[Alarm]()
		}
		return s.raise(e, r.Claim)
	})
}

func (s *Service) raise(e event.Typed[event.Alarmed], begun *store.Claim) store.Step[Alarm] {
	channel, mark := s.Catalog.Slack().OperatorsChannel, slackui.Mark{Type: markAlarm, Key: e.ID}
	a := store.Action[Alarm]{Name: doAlarm, For: effectWithin}
	if begun != nil {
		a.Resolves = begun.Name
	}
	posted := func(ts string) store.Transition[Alarm] {
		return store.Transition[Alarm]{To: func(a *Alarm) { a.Posted = event.Message{Channel: channel, TS: ts} }}
	}
	a.Do = func(ctx context.Context, _ Alarm) (store.Transition[Alarm], error) {
		if begun != nil {
			ts, err := slackui.Find(ctx, s.Slack, channel, mark, begun.Since)
			if err != nil && !slackui.Refused(err) {
				return store.Transition[Alarm]{}, slackui.Outcome(err)
			}
			if ts != "" {
				return posted(ts), nil
			}
		}
		ts, err := s.say(ctx, channel, append(s.alarm(e), mark.Option())...)
		if slackui.Refused(err) {
			// To raise an alarm about an alarm would never end.
			code := slackui.ErrorCode(err)
			s.Logger.ErrorContext(ctx, "slack refused an alarm", "alarm", e.Data.Alarm, "channel", channel, "code", code)
			return store.Transition[Alarm]{To: func(a *Alarm) { a.Refused = code }}, nil
		}
		if err != nil {
			return store.Transition[Alarm]{}, slackui.Outcome(fmt.Errorf("telling the operators: %w", err))
		}
		return posted(ts), nil
	}
	return store.Act(a)
}

func (s *Service) alarm(e event.Typed[event.Alarmed]) []slack.MsgOption {
	say := textsFor("")
	service := strings.TrimPrefix(string(e.Source), "powerpole.")
	about := fmt.Sprintf(say.AlarmFrom, service, slackui.Date(e.OccurredAt))
	if e.RequestID != "" {
		about += " · " + slackui.Code(e.RequestID)
	}
	if s.Runbooks != "" {
		about += " · " + slackui.Link(s.Runbooks+"/"+e.Data.Alarm+".md", say.Runbook)
	}
	name := slackui.Line(e.Data.Alarm, maxName)
	return []slack.MsgOption{
		slack.MsgOptionText(":rotating_light: "+name, false),
		slack.MsgOptionBlocks(
			slackui.Section(":rotating_light: *"+name+"*\n"+slackui.Text(e.Data.Text, maxReason)),
			slackui.Context(about),
		),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
}
