package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/services/intake"
)

const channel = "C0SHOPDB"

// errNotSeen means that a person does not find what they look for.
var errNotSeen = errors.New("the person does not see that")

// attend has a person ask for one thing at a time: who has the form open does not
// open another. done ends it.
func (w *world) attend(ctx context.Context, user string) (done func(), err error) {
	w.mu.Lock()
	turn := w.turns[user]
	if turn == nil {
		turn = make(chan struct{}, 1)
		w.turns[user] = turn
	}
	w.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ask is a person's request, from the command to the submitted form. The reason
// names it: nothing else about it is known in advance.
func (w *world) ask(ctx context.Context, user, reason, role, duration string, databases []string) error {
	done, err := w.attend(ctx, user)
	if err != nil {
		return err
	}
	defer done()
	if _, err := w.slack.SlashCommand(ctx, user, channel, "/powerpole", ""); err != nil {
		return err
	}
	return w.fill(ctx, user, map[string]any{
		intake.DatabasesAction: databases, intake.RoleAction: role, intake.DurationAction: duration, intake.ReasonAction: reason,
	})
}

// button finds the button of a request in what the user sees there.
func (w *world) button(user, in, request string, a event.Action) (ts, value string) {
	for _, m := range w.slack.Messages(user, in) {
		if !strings.Contains(string(m.Blocks), request) {
			continue
		}
		var blocks []struct {
			Elements []struct {
				ActionID string `json:"action_id"`
				Value    string `json:"value"`
			} `json:"elements"`
		}
		if json.Unmarshal(m.Blocks, &blocks) != nil {
			continue
		}
		for _, b := range blocks {
			for _, e := range b.Elements {
				v, err := slackui.ParseButtonValue(e.Value)
				if err == nil && v.RequestID == request && e.ActionID == slackui.ActionID(a) {
					return m.TS, e.Value
				}
			}
		}
	}
	return "", ""
}

// wait lets time pass.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// until tries again until it works or the time is up.
func until(ctx context.Context, limit, every time.Duration, try func() error) error {
	for began := time.Now(); ; {
		err := try()
		if err == nil || time.Since(began) > limit {
			return err
		}
		if err := wait(ctx, every); err != nil {
			return err
		}
	}
}

// fill fills in the form that the user sees, and sends it. What the form says to
// that is an error.
func (w *world) fill(ctx context.Context, user string, values map[string]any) error {
	var view struct{ ID string }
	raw := w.slack.OpenView(user)
	if raw == nil || json.Unmarshal(raw, &view) != nil {
		return errNotSeen
	}
	answer, err := w.slack.SubmitView(ctx, user, view.ID, values)
	if err == nil && len(answer.Errors) > 0 {
		err = fmt.Errorf("the form says %v", answer.Errors)
	}
	return err
}

// explain fills in the form that asks why.
func (w *world) explain(ctx context.Context, user string) error {
	return w.fill(ctx, user, map[string]any{intake.ReasonAction: "not today"})
}

// extend fills in the form that asks how much longer, and takes its time.
func (w *world) extend(ctx context.Context, d Deed) error {
	if err := w.clicks(ctx, d, w.slack.DirectMessage(d.Who), event.Extend); err != nil {
		return err
	}
	if err := wait(ctx, d.Takes); err != nil {
		return err
	}
	return w.fill(ctx, d.Who, map[string]any{intake.ExtraAction: d.Length, intake.ReasonAction: "not done yet"})
}
