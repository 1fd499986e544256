package smoke

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/deploy/powerpole/visitor"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/intake"
)

// hostile sends to intake what Slack never would.
func (r *run) hostile(ctx context.Context) error {
	form := url.Values{"command": {"/powerpole"}, "user_id": {requester}, "team_id": {"T0NIMBUS"}, "trigger_id": {"1.2.x"}}.Encode()
	signed := slack.Sign(r.Endpoints.Slack.SigningSecret, []byte(form))
	stale := signed.Clone()
	stale.Set("X-Slack-Request-Timestamp", strconv.FormatInt(time.Now().Add(-time.Hour).Unix(), 10))
	for _, c := range []struct {
		what   string
		header http.Header
		body   string
		want   int
	}{
		{"unsigned", http.Header{}, form, http.StatusUnauthorized},
		{"altered", signed, strings.Replace(form, requester, approver, 1), http.StatusUnauthorized},
		{"stale", stale, form, http.StatusUnauthorized},
		{"oversized", signed, strings.Repeat("x", 4<<20), http.StatusRequestEntityTooLarge},
	} {
		got, err := r.send(ctx, c.header, c.body)
		if err != nil {
			return fmt.Errorf("sending %s to intake: %w", c.what, err)
		}
		if got != c.want {
			return fmt.Errorf("intake answered %s with %d, want %d", c.what, got, c.want)
		}
	}
	r.step("intake refuses what is unsigned, altered, stale or oversized")
	return nil
}

func (r *run) send(ctx context.Context, header http.Header, body string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.Endpoints.Intake+"/slack/command", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header = header.Clone()
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// ask fills in the modal, first with a mistake.
func (r *run) ask(ctx context.Context) error {
	if err := r.slack.Post(ctx, "command", map[string]any{"user": requester, "channel": channel, "command": "/powerpole"}, nil); err != nil {
		return err
	}
	var v visitor.View
	err := visitor.Until(ctx, "the modal", func() (ok bool, err error) {
		v, err = r.slack.View(ctx, requester)
		return v.CallbackID == intake.RequestCallback, err
	})
	if err != nil {
		return err
	}
	r.step("/powerpole opens the modal")
	if !v.Has(intake.DurationBlock) {
		act := map[string]any{"user": requester, "view": v.ID, "action": intake.ClusterAction, "value": cluster}
		if err := r.slack.Post(ctx, "act", act, nil); err != nil {
			return err
		}
	}
	if err := r.mistake(ctx, v); err != nil {
		return err
	}
	answer, err := r.submit(ctx, v, r.Lease.String())
	if err != nil {
		return err
	}
	if len(answer.Errors) > 0 {
		return fmt.Errorf("the modal was refused: %v", answer.Errors)
	}
	return r.created(ctx)
}

const cluster = "shop-demo"

func (r *run) mistake(ctx context.Context, v visitor.View) error {
	answer, err := r.submit(ctx, v, "for ever")
	if err != nil {
		return err
	}
	if answer.Errors[intake.DurationBlock] == "" {
		return fmt.Errorf("a malformed duration gave %v, want an error on its field", answer.Errors)
	}
	r.step("a malformed duration: %q on its field", answer.Errors[intake.DurationBlock])
	return nil
}

func (r *run) submit(ctx context.Context, v visitor.View, duration string) (answer slack.ViewAnswer, err error) {
	values := map[string]any{
		intake.ClusterAction: cluster, intake.DatabasesAction: []string{"shop"}, intake.RoleAction: r.errand().role,
		intake.DurationAction: duration, intake.ReasonAction: "smoke test", intake.TicketAction: "OPS-1",
	}
	if tables := r.errand().tables; tables != "" {
		values[intake.TablesAction] = tables
	}
	err = r.slack.Post(ctx, "submit", map[string]any{"user": requester, "view": v.ID, "values": values}, &answer)
	return answer, err
}

func (r *run) created(ctx context.Context) error {
	for r.result.RequestID == "" {
		if err := r.tap.Receive(ctx); err != nil {
			return fmt.Errorf("waiting for RequestCreated: %w", errors.Join(err, context.Cause(ctx)))
		}
		for _, s := range r.tap.Seen {
			if s.Type == (event.RequestCreated{}).EventType() {
				r.result.RequestID = s.Detail.RequestID
			}
		}
	}
	r.step("RequestCreated %s", r.result.RequestID)
	return nil
}
