// Package visitor does at a running demo what people and clients do: acts in
// Slack, reads messages, listens to the bus, logs in to the database.
package visitor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/deploy/powerpole/demo"
)

// Workspace acts as people of the demo's Slack, over HTTP.
type Workspace struct {
	demo.Slack
	client *http.Client
}

// NewWorkspace returns the people of that workspace.
func NewWorkspace(s demo.Slack) Workspace {
	return Workspace{s, &http.Client{Timeout: 10 * time.Second}}
}

// Post does something as a person: command, click, submit, act and what else
// the embedded Slack takes. answer may be nil.
func (w Workspace) Post(ctx context.Context, what string, act map[string]any, answer any) error {
	body, err := json.Marshal(act)
	if err != nil {
		return fmt.Errorf("acting in Slack: %w", err)
	}
	return w.call(ctx, http.MethodPost, "/_people/"+what, bytes.NewReader(body), answer)
}

func (w Workspace) get(ctx context.Context, what string, query url.Values, answer any) error {
	return w.call(ctx, http.MethodGet, "/_people/"+what+"?"+query.Encode(), nil, answer)
}

func (w Workspace) call(ctx context.Context, method, path string, body io.Reader, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, w.URL+path, body)
	if err != nil {
		return fmt.Errorf("acting in Slack: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+w.PeopleToken)
	res, err := w.client.Do(req)
	if err != nil {
		return fmt.Errorf("acting in Slack: %w", err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("acting in Slack: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("acting in Slack: %s %s: %s: %s", method, path, res.Status, bytes.TrimSpace(b))
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(b, answer)
}

// View is a modal as a person sees it.
type View struct {
	ID              string `json:"id"`
	CallbackID      string `json:"callback_id"`
	PrivateMetadata string `json:"private_metadata"`
	Blocks          []struct {
		BlockID string `json:"block_id"`
	} `json:"blocks"`
}

// Has reports whether the modal has a block of that id.
func (v View) Has(block string) bool {
	for _, b := range v.Blocks {
		if b.BlockID == block {
			return true
		}
	}
	return false
}

// View is the modal that a person has open, the zero value for none.
func (w Workspace) View(ctx context.Context, user string) (View, error) {
	var v *View
	err := w.get(ctx, "view", url.Values{"user": {user}}, &v)
	if err != nil || v == nil {
		return View{}, err
	}
	return *v, nil
}

// Messages are those of a channel as a person sees them; "dm" is the app's direct message.
func (w Workspace) Messages(ctx context.Context, user, channel string) ([]slack.Message, error) {
	var out []slack.Message
	return out, w.get(ctx, "messages", url.Values{"user": {user}, "channel": {channel}}, &out)
}

// Until asks again every few milliseconds until ok or the context ends.
func Until(ctx context.Context, what string, ok func() (bool, error)) error {
	for {
		done, err := ok()
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, context.Cause(ctx))
		case <-time.After(5 * time.Millisecond):
		}
	}
}
