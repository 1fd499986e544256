package event

import (
	"errors"
	"time"
)

// Voted is emitted by approval for each decision of a person that was taken or
// refused; not for one that had been taken already.
type Voted struct {
	By     Person `json:"by"`
	Action Action `json:"action"`
	Taken  bool   `json:"taken"`
	// Refused says why, in words for that person, where it was not taken.
	Refused string `json:"refused,omitempty"`
	// Needed is how many approvals are still missing.
	Needed  int     `json:"needed"`
	Message Message `json:"message,omitzero"`
}

// EventType is the name on the wire.
func (Voted) EventType() string { return "Voted" }

// EventVersion is the version on the wire.
func (Voted) EventVersion() int { return 1 }

// Validate implements Data.
func (e Voted) Validate() error {
	errs := []error{named("by", e.By.Validate()), oneOf("action", e.Action, Actions()...)}
	if !e.Taken {
		errs = append(errs, need("refused", e.Refused))
	}
	return errors.Join(errs...)
}

// Approved is emitted by approval once, when as many people as the role asks
// for, or a rule of the catalog, have approved. It carries all that was asked
// and the warrant, and nothing begins without it.
type Approved struct {
	Ask
	// Privileges are the SQL privileges as the approvers saw them.
	Privileges []string `json:"privileges"`
	Approvers  []Person `json:"approvers,omitempty"`
	// Rule names the catalog's rule where no person decided.
	Rule       string    `json:"rule,omitempty"`
	PolicyHash string    `json:"policy_hash"`
	StartBy    time.Time `json:"start_by"`
	EndBy      time.Time `json:"end_by"`
	Warrant    string    `json:"warrant"`
}

// EventType is the name on the wire.
func (Approved) EventType() string { return "Approved" }

// EventVersion is the version on the wire.
func (Approved) EventVersion() int { return 1 }

// Validate implements Data.
func (e Approved) Validate() error {
	errs := []error{
		e.Ask.Validate(), needTime("start_by", e.StartBy), needTime("end_by", e.EndBy),
		need("warrant", e.Warrant), need("policy_hash", e.PolicyHash),
	}
	if len(e.Privileges) == 0 {
		errs = append(errs, errors.New("privileges is missing"))
	}
	if len(e.Approvers) == 0 && e.Rule == "" {
		errs = append(errs, errors.New("approvers and rule are missing"))
	}
	return errors.Join(errs...)
}

// Denied is emitted by approval when a person or the policy refused a request.
type Denied struct {
	Ask
	// By is nobody where the policy refused.
	By     Person `json:"by,omitzero"`
	Rule   string `json:"rule,omitempty"`
	Reason string `json:"reason_denied"`
}

// EventType is the name on the wire.
func (Denied) EventType() string { return "Denied" }

// EventVersion is the version on the wire.
func (Denied) EventVersion() int { return 1 }

// Validate implements Data.
func (e Denied) Validate() error {
	errs := []error{e.Ask.Validate(), need("reason_denied", e.Reason)}
	if e.By == (Person{}) && e.Rule == "" {
		errs = append(errs, errors.New("by and rule are missing"))
	}
	return errors.Join(errs...)
}

// Cancelled is emitted by approval when the requester took a request back
// before it was approved. After that a cancel is a Released.
type Cancelled struct {
	Ask
	By Person `json:"by"`
}

// EventType is the name on the wire.
func (Cancelled) EventType() string { return "Cancelled" }

// EventVersion is the version on the wire.
func (Cancelled) EventVersion() int { return 1 }

// Validate implements Data.
func (e Cancelled) Validate() error {
	return errors.Join(e.Ask.Validate(), named("by", e.By.Validate()))
}

// Lapsed is emitted by approval when nobody decided within the pending limit.
type Lapsed struct {
	Ask
	After Duration `json:"after"`
}

// EventType is the name on the wire.
func (Lapsed) EventType() string { return "Lapsed" }

// EventVersion is the version on the wire.
func (Lapsed) EventVersion() int { return 1 }

// Validate implements Data.
func (e Lapsed) Validate() error { return e.Ask.Validate() }

// Extended is emitted by approval as permission for more time, with a warrant
// over the new total. Not yet so: the reaper says when a lease ends.
type Extended struct {
	By      Person   `json:"by"`
	Total   Duration `json:"total"`
	Warrant string   `json:"warrant"`
}

// EventType is the name on the wire.
func (Extended) EventType() string { return "Extended" }

// EventVersion is the version on the wire.
func (Extended) EventVersion() int { return 1 }

// Validate implements Data.
func (e Extended) Validate() error {
	errs := []error{named("by", e.By.Validate()), need("warrant", e.Warrant)}
	if e.Total <= 0 {
		errs = append(errs, errors.New("total is not positive"))
	}
	return errors.Join(errs...)
}

// Released is emitted by approval when the requester is done early, or an
// approver or administrator ends an approved request. Not before approval.
type Released struct {
	By  Person `json:"by"`
	Why string `json:"why"`
}

// EventType is the name on the wire.
func (Released) EventType() string { return "Released" }

// EventVersion is the version on the wire.
func (Released) EventVersion() int { return 1 }

// Validate implements Data.
func (e Released) Validate() error {
	return errors.Join(named("by", e.By.Validate()), need("why", e.Why))
}
