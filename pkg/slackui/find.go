package slackui

import (
	"context"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/clock"
)

// historyPage is how many messages one look reads; Slack's own limit is 1,000.
const historyPage = 200

// Mark is the metadata of a message of ours, by which one whose posting was
// never answered is found again.
type Mark struct {
	// Type is what the message is, as powerpole_request.
	Type string
	// Key is of what, as a request's id.
	Key string
}

// Option puts the mark on a message that is posted.
func (m Mark) Option() slack.MsgOption {
	return slack.MsgOptionMetadata(slack.SlackMetadata{EventType: m.Type, EventPayload: map[string]any{"key": m.Key}})
}

func (m Mark) on(metadata slack.SlackMetadata) bool {
	return metadata.EventType == m.Type && metadata.EventPayload["key"] == m.Key
}

// History reads a channel's messages. *slack.Client is one. It must never be
// asked of direct messages: PowerPole has no right to read those.
type History interface {
	GetConversationHistoryContext(context.Context, *slack.GetConversationHistoryParameters) (*slack.GetConversationHistoryResponse, error)
}

var _ History = (*slack.Client)(nil)

// Find looks for the message with the mark among those posted in the channel
// since then. It returns its timestamp, "" where there is none.
func Find(ctx context.Context, api History, channel string, mark Mark, since time.Time) (string, error) {
	ask := &slack.GetConversationHistoryParameters{
		ChannelID: channel, Limit: historyPage, IncludeAllMetadata: true,
		// Slack's clock is not ours.
		Oldest: fmt.Sprintf("%d.000000", since.Add(-clock.Skew).Unix()),
	}
	for {
		page, err := api.GetConversationHistoryContext(ctx, ask)
		if err != nil {
			return "", fmt.Errorf("looking for %s of %s in %s: %w", mark.Type, mark.Key, channel, err)
		}
		for _, message := range page.Messages {
			if mark.on(message.Metadata) {
				return message.Timestamp, nil
			}
		}
		ask.Cursor = page.ResponseMetaData.NextCursor
		if !page.HasMore || ask.Cursor == "" {
			return "", nil
		}
	}
}
