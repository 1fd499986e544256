package smoke

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

// workspace acts as people of the demo's Slack, over HTTP.
type workspace struct {
	demo.Slack
	client *http.Client
}

// post does something as a person; answer may be nil.
func (w workspace) post(ctx context.Context, what string, act map[string]any, answer any) error {
	body, err := json.Marshal(act)
	if err != nil {
		return fmt.Errorf("acting in Slack: %w", err)
	}
	return w.call(ctx, http.MethodPost, "/_people/"+what, bytes.NewReader(body), answer)
}

func (w workspace) get(ctx context.Context, what string, query url.Values, answer any) error {
	return w.call(ctx, http.MethodGet, "/_people/"+what+"?"+query.Encode(), nil, answer)
}

func (w workspace) call(ctx context.Context, method, path string, body io.Reader, answer any) error {
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

// view is a modal as a person sees it.
type view struct {
	ID              string `json:"id"`
	CallbackID      string `json:"callback_id"`
	PrivateMetadata string `json:"private_metadata"`
	Blocks          []struct {
		BlockID string `json:"block_id"`
	} `json:"blocks"`
}

func (v view) has(block string) bool {
	for _, b := range v.Blocks {
		if b.BlockID == block {
			return true
		}
	}
	return false
}

func (w workspace) view(ctx context.Context, user string) (view, error) {
	var v *view
	err := w.get(ctx, "view", url.Values{"user": {user}}, &v)
	if err != nil || v == nil {
		return view{}, err
	}
	return *v, nil
}

// messages of a channel as a person sees them; "dm" is the app's direct message.
func (w workspace) messages(ctx context.Context, user, channel string) ([]slack.Message, error) {
	var out []slack.Message
	return out, w.get(ctx, "messages", url.Values{"user": {user}, "channel": {channel}}, &out)
}

// until asks again every few milliseconds until ok or the context ends.
func until(ctx context.Context, what string, ok func() (bool, error)) error {
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
