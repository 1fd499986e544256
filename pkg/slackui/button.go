// Package slackui is what the services that speak to Slack share: the client,
// the form of PowerPole's buttons, and text that cannot do harm in a message.
package slackui

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/powerpole/powerpole/pkg/event"
)

// actionPrefix is before every action_id of ours, so that a workspace's other
// buttons are never taken for ours.
const actionPrefix = "powerpole."

// ActionID is the Block Kit action_id of a button for that action.
func ActionID(a event.Action) string { return actionPrefix + string(a) }

// ShowCredentials is the action of the button that shows the credentials; it is
// no decision, so no event.Action.
const ShowCredentials event.Action = "credentials"

// ParseActionID is the reverse; ok is false for what is not ours.
func ParseActionID(id string) (a event.Action, ok bool) {
	name, ok := strings.CutPrefix(id, actionPrefix)
	return event.Action(name), ok
}

// ButtonValue is what a button carries: of which request, and the digest of it
// as it was shown.
type ButtonValue struct {
	RequestID string `json:"r"`
	Digest    string `json:"d,omitempty"`
}

// Encode gives the button's value, well under Slack's 2,000 characters.
func (v ButtonValue) Encode() string {
	b, err := json.Marshal(v)
	if err != nil {
		return "" // two strings always marshal
	}
	return string(b)
}

// ParseButtonValue reads a button's value as Slack sent it back.
func ParseButtonValue(s string) (ButtonValue, error) {
	var v ButtonValue
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		return ButtonValue{}, fmt.Errorf("reading a button's value: %w", err)
	}
	return v, event.CheckRequestID(v.RequestID)
}
