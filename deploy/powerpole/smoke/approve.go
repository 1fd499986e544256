package smoke

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/deploy/powerpole/visitor"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
)

// approve first tries what must not work: the requester's own approval, and a
// bystander's. Then an approver clicks.
func (r *run) approve(ctx context.Context) error {
	m, value, err := r.approversMessage(ctx)
	if err != nil {
		return err
	}
	if statement := r.errand().statement; !strings.Contains(string(m.Blocks), statement) {
		return fmt.Errorf("the approvers are not shown %s", statement)
	}
	r.step("the approvers' message is in the channel, with %s", r.errand().statement)
	for _, nobody := range []string{requester, bystander} {
		if err := r.click(ctx, nobody, m, value); err != nil {
			return err
		}
		if err := r.refused(ctx, nobody); err != nil {
			return err
		}
		r.step("%s may not approve", nobody)
	}
	clicked := time.Now()
	if err := r.click(ctx, approver, m, value); err != nil {
		return err
	}
	r.step("%s clicks Approve", approver)
	return r.building(ctx, clicked)
}

func (r *run) approversMessage(ctx context.Context) (m slack.Message, value string, err error) {
	err = visitor.Until(ctx, "the approvers' message", func() (bool, error) {
		messages, err := r.slack.Messages(ctx, approver, channel)
		for _, m = range messages {
			var ok bool
			if value, ok = visitor.Button(m, event.Approve, r.result.RequestID); ok {
				return true, nil
			}
		}
		return false, err
	})
	return m, value, err
}

func (r *run) click(ctx context.Context, user string, m slack.Message, value string) error {
	return r.slack.Post(ctx, "click", map[string]any{
		"user": user, "channel": channel, "ts": m.TS, "action": slackui.ActionID(event.Approve), "value": value,
	}, nil)
}

// refused waits for the Voted that says that this person's click was not taken.
func (r *run) refused(ctx context.Context, user string) error {
	for {
		for _, s := range r.tap.Seen {
			var v event.Voted
			if s.Type != v.EventType() || s.Detail.RequestID != r.result.RequestID {
				continue
			}
			if err := json.Unmarshal(s.Detail.Data, &v); err != nil {
				return err
			}
			if v.By.User == user && v.Taken {
				return fmt.Errorf("%s approved, and must not", user)
			}
			if v.By.User == user {
				return nil
			}
		}
		if err := r.tap.Receive(ctx); err != nil {
			return fmt.Errorf("waiting for the refusal of %s: %w", user, errors.Join(err, context.Cause(ctx)))
		}
	}
}

// building follows the events until the account works and the direct message
// says so.
func (r *run) building(ctx context.Context, clicked time.Time) error {
	if _, err := r.directLogin(ctx); err != nil {
		return err
	}
	r.result.ToCredentials = time.Since(clicked)
	for _, typ := range []string{"Approved", "Armed", "InstanceReady", "Granted"} {
		s, err := r.tap.Wait(ctx, r.result.RequestID, typ)
		if err != nil {
			return err
		}
		r.step("%s, %d ms after the click", typ, s.Detail.OccurredAt.Sub(clicked).Milliseconds())
	}
	r.step("the direct message holds the credentials, %d ms after the click", r.result.ToCredentials.Milliseconds())
	return nil
}

// release clicks "I'm done" in the direct message and waits for the receipt.
func (r *run) release(ctx context.Context) error {
	m, err := r.directMessage(ctx)
	if err != nil {
		return err
	}
	value, ok := visitor.Button(m, event.Release, r.result.RequestID)
	if !ok {
		return errors.New("the direct message has no button to end the lease")
	}
	err = r.slack.Post(ctx, "click", map[string]any{
		"user": requester, "channel": m.Channel, "ts": m.TS, "action": slackui.ActionID(event.Release), "value": value,
	}, nil)
	if err != nil {
		return err
	}
	_, err = r.tap.Wait(ctx, r.result.RequestID, "Reaped")
	return err
}
