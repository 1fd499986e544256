package notifier

import (
	"slices"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// State is what the notifier has heard of a request, and what it has told. What
// was heard is kept as facts, each set once, so that it does not matter in which
// order they came.
type State struct {
	Ask    *event.Ask `json:"ask,omitempty"`
	Digest string     `json:"digest,omitempty"`

	// Votes are those who approved or are looking, in the order heard; Needed is
	// how many approvals are still missing, 0 before the first vote.
	Votes  []Vote `json:"votes,omitempty"`
	Needed int    `json:"needed,omitempty"`

	Denied    *Denial       `json:"denied,omitempty"`
	Cancelled *event.Person `json:"cancelled,omitempty"`
	Lapsed    bool          `json:"lapsed,omitempty"`
	Approved  *Approval     `json:"approved,omitempty"`
	Bastion   *Bastion      `json:"bastion,omitempty"`
	Lease     *Lease        `json:"lease,omitempty"`
	Failure   string        `json:"failure,omitempty"`
	// EndsAt is the end as last armed, in generation Generation; Warned is the
	// end of which people were warned.
	EndsAt     time.Time      `json:"ends_at,omitzero"`
	Generation int            `json:"generation,omitempty"`
	Warned     time.Time      `json:"warned,omitzero"`
	Expired    *event.Expired `json:"expired,omitempty"`
	Receipt    *event.Reaped  `json:"receipt,omitempty"`
	// TooLate is the extension that came after the end.
	TooLate *event.ExtensionRefused `json:"too_late,omitempty"`

	// Rev grows with whatever changes what people see. Shown is what it was in
	// the last edit of the direct message DM.
	Rev   int           `json:"rev,omitempty"`
	DM    event.Message `json:"dm,omitzero"`
	Shown int           `json:"shown,omitempty"`
	// Lost counts direct messages that were deleted under us, Undeliverable is
	// Slack's code where there can be none.
	Lost          int    `json:"lost,omitempty"`
	Undeliverable string `json:"undeliverable,omitempty"`
	// LineDone says that the channel has been told of the end.
	LineDone bool `json:"line_done,omitempty"`
	// Answers are refusals that somebody is still to be told, Told those that
	// they have been.
	Answers []Answer `json:"answers,omitempty"`
	Told    []string `json:"told,omitempty"`
}

// Vote is one person's yes, or look.
type Vote struct {
	By     event.Person `json:"by"`
	Action event.Action `json:"action"`
}

// Denial is a no, of a person or of a rule.
type Denial struct {
	By     event.Person `json:"by,omitzero"`
	Rule   string       `json:"rule,omitempty"`
	Reason string       `json:"reason"`
}

// Approval is the yes, without its warrant: the notifier has no use for one.
type Approval struct {
	By      []event.Person `json:"by,omitempty"`
	Rule    string         `json:"rule,omitempty"`
	StartBy time.Time      `json:"start_by"`
	EndBy   time.Time      `json:"end_by"`
}

// Bastion is the way in.
type Bastion struct {
	InstanceID string `json:"instance_id"`
	Region     string `json:"region"`
	SessionURL string `json:"session_url"`
}

// Lease is the account, without its password.
type Lease struct {
	User       string           `json:"user"`
	Endpoints  []event.Endpoint `json:"endpoints"`
	Privileges []string         `json:"privileges"`
	Everybody  []string         `json:"everybody,omitempty"`
	Auth       string           `json:"auth"`
	TLS        bool             `json:"tls"`
	GrantedAt  time.Time        `json:"granted_at"`
	ExpiresAt  time.Time        `json:"expires_at"`
}

// Answer is a refusal for somebody who clicked.
type Answer struct {
	ID      string        `json:"id"` // of the event
	By      event.Person  `json:"by"`
	Message event.Message `json:"message,omitzero"`
	Text    string        `json:"text"`
}

// Phase is where a request is, for its requester.
type Phase string

// The phases, in their order.
const (
	Unheard   Phase = ""
	Waiting   Phase = "waiting"
	Building  Phase = "building"
	Ready     Phase = "ready"
	Warning   Phase = "warning"
	Failing   Phase = "failing"
	Ending    Phase = "ending"
	Ended     Phase = "ended"
	Denied    Phase = "denied"
	Cancelled Phase = "cancelled"
	Lapsed    Phase = "lapsed"
)

// Phase is the furthest that was heard of: what comes late changes nothing.
func (st State) Phase() Phase {
	switch {
	case st.Ask == nil:
		return Unheard
	case st.Receipt != nil:
		return Ended
	case st.Expired != nil:
		return Ending
	case st.Denied != nil:
		return Denied
	case st.Cancelled != nil:
		return Cancelled
	case st.Lapsed:
		return Lapsed
	case st.Failure != "":
		return Failing
	case st.Lease != nil && !st.Warned.IsZero() && !st.End().After(st.Warned.Add(time.Second)):
		return Warning
	case st.Lease != nil:
		return Ready
	case st.Approved != nil:
		return Building
	default:
		return Waiting
	}
}

// End is when the lease ends, as far as is known.
func (st State) End() time.Time {
	if st.EndsAt.After(st.Lease.ExpiresAt) {
		return st.EndsAt
	}
	return st.Lease.ExpiresAt
}

// Extended reports whether the end was moved.
func (st State) Extended() bool {
	return st.Lease != nil && st.EndsAt.After(st.Lease.ExpiresAt.Add(time.Second))
}

// Usable reports whether somebody can log in now.
func (st State) Usable() bool { return st.Phase() == Ready || st.Phase() == Warning }

// Over reports whether nothing can happen to the request any more.
func (st State) Over() bool {
	return slices.Contains([]Phase{Ended, Denied, Cancelled, Lapsed}, st.Phase())
}

// Live implements store.State. Of a request of which nobody is known to have
// made it, there is nobody to tell.
func (st State) Live() bool {
	if st.Phase() == Unheard {
		return len(st.Answers) > 0
	}
	return !st.Over() || st.Undeliverable == "" && st.Shown < st.Rev || st.Phase() == Ended && !st.LineDone || len(st.Answers) > 0
}

// Pointers implements store.State: nothing leads here but a request's id.
func (State) Pointers() []store.Pointer { return nil }
