package intake

import (
	"encoding/json"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
)

// Callback ids of the modals.
const (
	// RequestCallback is the modal that asks for access.
	RequestCallback = "powerpole.request"
	// ReasonCallback asks why, for an action that needs a reason.
	ReasonCallback = "powerpole.reason"
	// ExtendCallback asks for how much longer.
	ExtendCallback = "powerpole.extend"
	// CredentialsCallback is the modal that the notifier fills.
	CredentialsCallback = "powerpole.credentials"
)

// Block ids of the request's modal. Databases, tables and role depend on the cluster,
// so that a choice made for one never stays under another: see DatabasesBlock,
// TablesBlock and RoleBlock.
const (
	ClusterBlock  = "cluster"
	DurationBlock = "duration"
	ReasonBlock   = "reason"
	TicketBlock   = "ticket"
	// ExtraBlock is the extension's.
	ExtraBlock = "extra"
)

// DatabasesBlock is the block of a cluster's databases.
func DatabasesBlock(cluster string) string { return "databases." + cluster }

// TablesBlock is the block of the tables that narrow a cluster's databases.
func TablesBlock(cluster string) string { return "tables." + cluster }

// RoleBlock is the block of a cluster's roles.
func RoleBlock(cluster string) string { return "role." + cluster }

// Action ids of the elements in the modals; each is in the block of its name.
const (
	ClusterAction   = "powerpole.form.cluster"
	DatabasesAction = "powerpole.form.databases"
	TablesAction    = "powerpole.form.tables"
	RoleAction      = "powerpole.form.role"
	DurationAction  = "powerpole.form.duration"
	ReasonAction    = "powerpole.form.reason"
	TicketAction    = "powerpole.form.ticket"
	ExtraAction     = "powerpole.form.extra"
)

// Longest texts, in characters.
const (
	maxReason = 1000
	maxTicket = 100
	maxTables = 2000
	// maxOptions is Slack's: more must be searched for.
	maxOptions = 100
	maxOption  = 75
)

// metadata travels in a modal. Slack signs it with everything else, and shows it
// to nobody.
type metadata struct {
	RequestID string       `json:"r"`
	Action    event.Action `json:"a,omitempty"`
	Digest    string       `json:"d,omitempty"`
	Channel   string       `json:"c,omitempty"`
	MessageTS string       `json:"m,omitempty"`
	ActionTS  string       `json:"t,omitempty"`
	// Language is that of the person who opened the modal.
	Language string `json:"l,omitempty"`
}

func (m metadata) encode() string {
	b, err := json.Marshal(m)
	if err != nil {
		return "" // strings always marshal
	}
	return string(b)
}

func parseMetadata(s string) (metadata, error) {
	var m metadata
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		return metadata{}, errBadRequest
	}
	if event.CheckRequestID(m.RequestID) != nil {
		return metadata{}, errBadRequest
	}
	return m, nil
}

func plain(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, text, false, false)
}

// markup is mrkdwn that was made here, or by slackui.Text.
func markup(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, text, false, true)
}

func option(value, text string) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(value, plain(slackui.Sanitize(text, maxOption)), nil)
}
