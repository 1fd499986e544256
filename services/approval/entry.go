package approval

import (
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// Kind is what one row of a request's log says. The values are what an audit
// reads, and stay.
type Kind string

// The kinds of rows.
const (
	Requested Kind = "requested"
	Looked    Kind = "looked"
	// Vote is one approval where more are needed.
	Vote      Kind = "vote"
	Approved  Kind = "approved"
	Denied    Kind = "denied"
	Cancelled Kind = "cancelled"
	Lapsed    Kind = "lapsed"
	Extended  Kind = "extended"
	// ExtensionRefused says that the extension came after the end.
	ExtensionRefused Kind = "extension refused"
	Released         Kind = "released"
	// Refused is what somebody wanted and may not; it changes nothing.
	Refused Kind = "refused"
	Ended   Kind = "ended"
)

// Entry is one row of a request's log: who did what, from where, and under which
// rules.
type Entry struct {
	Kind Kind `json:"kind"`
	// By is nobody where a rule or the time decided.
	By event.Person `json:"by,omitzero"`
	// Cause is the id of the event that led here, so that the same event again
	// is known.
	Cause string `json:"cause,omitempty"`
	// Action, Message and ActionTS say with which click, on which message of
	// which channel.
	Action   event.Action  `json:"action,omitempty"`
	Message  event.Message `json:"message,omitzero"`
	ActionTS string        `json:"action_ts,omitempty"`
	// Rules are the policies that decided, PolicyHash that of all of them.
	Rules      []string `json:"rules,omitempty"`
	PolicyHash string   `json:"policy_hash,omitempty"`
	// Text is a person's comment, or the reason of a refusal.
	Text string `json:"text,omitempty"`

	// Asked is in the first row, Terms in that of the approval, Total in an
	// extension's, EndedAt where that came too late, End in the last.
	Asked   *Asked         `json:"asked,omitempty"`
	Terms   *Terms         `json:"terms,omitempty"`
	Total   event.Duration `json:"total,omitempty"`
	EndedAt time.Time      `json:"ended_at,omitzero"`
	End     *End           `json:"end,omitempty"`
}

// Asked is what was asked for and what that meant in the catalog of that moment:
// what approvers are shown and a warrant signs.
type Asked struct {
	event.Ask
	Digest     string         `json:"digest"`
	Privileges []string       `json:"privileges"`
	Approvals  int            `json:"approvals"`
	Ceiling    event.Duration `json:"ceiling"`
	// Pending is how long the request waits for its approvers.
	Pending event.Duration `json:"pending"`
	// Recent is what the requester had asked for before, the newest first.
	Recent []Recent `json:"recent,omitempty"`
	// Rule names the catalog's rule that approves in their place.
	Rule string `json:"rule,omitempty"`
}

// Terms are the moments of an approval.
type Terms struct {
	StartBy time.Time `json:"start_by"`
	EndBy   time.Time `json:"end_by"`
}

// End is how it ended.
type End struct {
	Cause    event.Cause   `json:"cause"`
	EndedAt  time.Time     `json:"ended_at"`
	ReapedAt time.Time     `json:"reaped_at"`
	Account  event.Outcome `json:"account"`
	Instance event.Outcome `json:"instance"`
	Killed   int           `json:"killed"`
}
