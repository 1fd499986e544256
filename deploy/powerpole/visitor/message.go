package visitor

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
)

type block struct {
	Type    string `json:"type"`
	BlockID string `json:"block_id"`
	Text    struct {
		Text string `json:"text"`
	} `json:"text"`
	Fields []struct {
		Text string `json:"text"`
	} `json:"fields"`
	Elements []struct {
		ActionID string `json:"action_id"`
		Value    string `json:"value"`
	} `json:"elements"`
}

func blocksOf(m slack.Message) ([]block, error) {
	if m.Blocks == nil {
		return nil, nil
	}
	var out []block
	return out, json.Unmarshal(m.Blocks, &out)
}

// Button is the value of the button for an action of a request; ok is false
// where the message has none.
func Button(m slack.Message, a event.Action, requestID string) (value string, ok bool) {
	blocks, err := blocksOf(m)
	if err != nil {
		return "", false
	}
	for _, b := range blocks {
		for _, e := range b.Elements {
			v, err := slackui.ParseButtonValue(e.Value)
			if err == nil && e.ActionID == slackui.ActionID(a) && (requestID == "" || v.RequestID == requestID) {
				return e.Value, true
			}
		}
	}
	return "", false
}

// Login is what the direct message gives a person to log in with.
type Login struct{ User, Password string }

// ReadLogin reads user and password from the direct message's block of that
// id, as a person would: the text between backquotes.
func ReadLogin(m slack.Message, blockID string) (Login, error) {
	blocks, err := blocksOf(m)
	if err != nil {
		return Login{}, err
	}
	for _, b := range blocks {
		if b.BlockID != blockID {
			continue
		}
		var quoted []string
		for _, f := range b.Fields {
			parts := strings.Split(f.Text, "`")
			if len(parts) == 3 {
				quoted = append(quoted, unescape(parts[1]))
			}
		}
		if len(quoted) == 2 {
			return Login{quoted[0], quoted[1]}, nil
		}
	}
	return Login{}, errors.New("reading the direct message: it holds no credentials")
}

func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}
