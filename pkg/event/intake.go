package event

import "errors"

// RequestCreated is emitted by intake when somebody has sent the modal and its
// values are well formed. It is not emitted for a form with an error, and says
// nothing about whether the person may have what they ask for.
type RequestCreated struct {
	Ask
	// Digest is of what the form showed and the person sent; the slip bears it.
	Digest string `json:"digest"`
	// Slip is intake's signature over who did this (design: slips).
	Slip string `json:"slip"`
}

// EventType is the name on the wire.
func (RequestCreated) EventType() string { return "RequestCreated" }

// EventVersion is the version on the wire.
func (RequestCreated) EventVersion() int { return 1 }

// Validate implements Data.
func (e RequestCreated) Validate() error {
	return errors.Join(e.Ask.Validate(), need("digest", e.Digest), need("slip", e.Slip))
}

// Action is what a person wants done with a request.
type Action string

// The actions that a button or command can ask for.
const (
	Approve    Action = "approve"
	Deny       Action = "deny"
	Look       Action = "look"
	Cancel     Action = "cancel"
	Extend     Action = "extend"
	Release    Action = "release"
	BreakGlass Action = "break-glass"
	Review     Action = "review"
)

// Actions lists them all.
func Actions() []Action {
	return []Action{Approve, Deny, Look, Cancel, Extend, Release, BreakGlass, Review}
}

// ActionSubmitted is emitted by intake for each click of a person: what they
// want, not yet so. Slack's own repetition of a click gives the same id, a
// second click another. Approval decides what it may do.
type ActionSubmitted struct {
	Action  Action  `json:"action"`
	By      Person  `json:"by"`
	Message Message `json:"message"`
	Comment string  `json:"comment,omitempty"`
	// Extra is how much longer, for an extension.
	Extra Duration `json:"extra,omitempty"`
	// Digest is what the button carried: of the request as it was shown.
	Digest   string `json:"digest,omitempty"`
	ActionTS string `json:"action_ts"`
	Slip     string `json:"slip"`
}

// EventType is the name on the wire.
func (ActionSubmitted) EventType() string { return "ActionSubmitted" }

// EventVersion is the version on the wire.
func (ActionSubmitted) EventVersion() int { return 1 }

// Validate implements Data.
func (e ActionSubmitted) Validate() error {
	return errors.Join(oneOf("action", e.Action, Actions()...), named("by", e.By.Validate()),
		need("action_ts", e.ActionTS), need("slip", e.Slip))
}

// HomeOpened is emitted by intake when somebody opens the app's Home tab. It is
// of no request.
type HomeOpened struct {
	By Person `json:"by"`
}

// EventType is the name on the wire.
func (HomeOpened) EventType() string { return "HomeOpened" }

// EventVersion is the version on the wire.
func (HomeOpened) EventVersion() int { return 1 }

// Validate implements Data.
func (e HomeOpened) Validate() error { return named("by", e.By.Validate()) }

// CredentialsAsked is emitted by intake when somebody asks to see a request's
// credentials in a modal that intake has already opened. Only its requester
// will.
type CredentialsAsked struct {
	By     Person `json:"by"`
	ViewID string `json:"view_id"`
	Slip   string `json:"slip"`
}

// EventType is the name on the wire.
func (CredentialsAsked) EventType() string { return "CredentialsAsked" }

// EventVersion is the version on the wire.
func (CredentialsAsked) EventVersion() int { return 1 }

// Validate implements Data.
func (e CredentialsAsked) Validate() error {
	return errors.Join(named("by", e.By.Validate()), need("view_id", e.ViewID), need("slip", e.Slip))
}

// PersonChanged is emitted by intake when Slack says that somebody was
// deactivated or changed. It is of no request.
type PersonChanged struct {
	Person      Person `json:"person"`
	Deactivated bool   `json:"deactivated"`
}

// EventType is the name on the wire.
func (PersonChanged) EventType() string { return "PersonChanged" }

// EventVersion is the version on the wire.
func (PersonChanged) EventVersion() int { return 1 }

// Validate implements Data.
func (e PersonChanged) Validate() error { return named("person", e.Person.Validate()) }
