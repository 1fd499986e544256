package event

import (
	"errors"
	"time"
)

// Armed is emitted by the reaper when a stop for the request is in the
// scheduler, and again whenever it moves the end. The grantor creates no
// account before the first.
type Armed struct {
	// Stop is start (the account must exist by then) or end.
	Stop       string    `json:"stop"`
	At         time.Time `json:"at"`
	Generation int       `json:"generation"`
}

// EventType is the name on the wire.
func (Armed) EventType() string { return "Armed" }

// EventVersion is the version on the wire.
func (Armed) EventVersion() int { return 1 }

// Validate implements Data.
func (e Armed) Validate() error {
	return errors.Join(oneOf("stop", e.Stop, "start", "end"), needTime("at", e.At))
}

// Expiring is emitted by the reaper as the warning before the end.
type Expiring struct {
	ExpiresAt time.Time `json:"expires_at"`
	Left      Duration  `json:"left"`
}

// EventType is the name on the wire.
func (Expiring) EventType() string { return "Expiring" }

// EventVersion is the version on the wire.
func (Expiring) EventVersion() int { return 1 }

// Validate implements Data.
func (e Expiring) Validate() error { return needTime("expires_at", e.ExpiresAt) }

// Cause is why a lease ended.
type Cause string

// The causes of an end.
const (
	ByTime     Cause = "time"
	ByRelease  Cause = "released"
	ByFailure  Cause = "failed"
	ByLoss     Cause = "lost"
	ByHardStop Cause = "hard stop"
)

// Expired is emitted by the reaper at the end of a request, for whatever cause,
// and again by its sweep until it has been answered. It is the only way to a
// teardown.
type Expired struct {
	Cause   Cause     `json:"cause"`
	EndedAt time.Time `json:"ended_at"`
	// Drain is how long sessions may finish what they do, at most 60 s.
	Drain Duration `json:"drain"`
	// Reason is what a person is told, as a failure's reason.
	Reason string `json:"reason,omitempty"`
}

// EventType is the name on the wire.
func (Expired) EventType() string { return "Expired" }

// EventVersion is the version on the wire.
func (Expired) EventVersion() int { return 1 }

// Validate implements Data.
func (e Expired) Validate() error {
	errs := []error{
		oneOf("cause", e.Cause, ByTime, ByRelease, ByFailure, ByLoss, ByHardStop), needTime("ended_at", e.EndedAt),
	}
	if e.Drain < 0 || e.Drain.Std() > time.Minute {
		errs = append(errs, errors.New("drain is not within 0 and 60 s"))
	}
	return errors.Join(errs...)
}

// Reaped is emitted by the reaper when Revoked and InstanceTerminated have come
// and its schedules are seen to be gone: the receipt.
type Reaped struct {
	Cause     Cause              `json:"cause"`
	EndedAt   time.Time          `json:"ended_at"`
	Reason    string             `json:"reason,omitempty"` // as Expired says it, which may come later
	Account   Revoked            `json:"account"`
	Instance  InstanceTerminated `json:"instance"`
	Schedules int                `json:"schedules"` // deleted or seen gone
	ReapedAt  time.Time          `json:"reaped_at"`
}

// EventType is the name on the wire.
func (Reaped) EventType() string { return "Reaped" }

// EventVersion is the version on the wire.
func (Reaped) EventVersion() int { return 1 }

// Validate implements Data.
func (e Reaped) Validate() error {
	return errors.Join(oneOf("cause", e.Cause, ByTime, ByRelease, ByFailure, ByLoss, ByHardStop),
		named("account", e.Account.Validate()), named("instance", e.Instance.Validate()),
		needTime("ended_at", e.EndedAt), needTime("reaped_at", e.ReapedAt))
}

// ExtensionRefused is emitted by the reaper, at most once per request, when an
// Extended came after the end: it loses, and people are told.
type ExtensionRefused struct {
	// Total is the length that was permitted too late.
	Total   Duration  `json:"total"`
	EndedAt time.Time `json:"ended_at"`
}

// EventType is the name on the wire.
func (ExtensionRefused) EventType() string { return "ExtensionRefused" }

// EventVersion is the version on the wire.
func (ExtensionRefused) EventVersion() int { return 1 }

// Validate implements Data.
func (e ExtensionRefused) Validate() error {
	err := needTime("ended_at", e.EndedAt)
	if e.Total <= 0 {
		err = errors.Join(errors.New("total is not positive"), err)
	}
	return err
}

// Alarmed is emitted by any service for something that a person must look at.
// It may be of no request.
type Alarmed struct {
	// Alarm is of a closed set; docs/runbooks has a page of that name.
	Alarm string `json:"alarm"`
	Text  string `json:"text"`
}

// EventType is the name on the wire.
func (Alarmed) EventType() string { return "Alarmed" }

// EventVersion is the version on the wire.
func (Alarmed) EventVersion() int { return 1 }

// Validate implements Data.
func (e Alarmed) Validate() error { return errors.Join(need("alarm", e.Alarm), need("text", e.Text)) }

// PendingDue is approval's own schedule: nobody has decided in time.
type PendingDue struct{}

// EventType is the name on the wire.
func (PendingDue) EventType() string { return "PendingDue" }

// EventVersion is the version on the wire.
func (PendingDue) EventVersion() int { return 1 }

// Validate implements Data.
func (PendingDue) Validate() error { return nil }

// StartDue is the reaper's own schedule: the account must exist by now.
type StartDue struct {
	Generation int `json:"generation"`
}

// EventType is the name on the wire.
func (StartDue) EventType() string { return "StartDue" }

// EventVersion is the version on the wire.
func (StartDue) EventVersion() int { return 1 }

// Validate implements Data.
func (StartDue) Validate() error { return nil }

// WarningDue is the reaper's own schedule: the end is near.
type WarningDue struct {
	Generation int `json:"generation"`
}

// EventType is the name on the wire.
func (WarningDue) EventType() string { return "WarningDue" }

// EventVersion is the version on the wire.
func (WarningDue) EventVersion() int { return 1 }

// Validate implements Data.
func (WarningDue) Validate() error { return nil }

// EndDue is the reaper's own schedule: check now whether this is the end.
type EndDue struct {
	Generation int `json:"generation"`
}

// EventType is the name on the wire.
func (EndDue) EventType() string { return "EndDue" }

// EventVersion is the version on the wire.
func (EndDue) EventVersion() int { return 1 }

// Validate implements Data.
func (EndDue) Validate() error { return nil }

// SweepDue is each owner's own rate schedule: look after what you made.
type SweepDue struct{}

// EventType is the name on the wire.
func (SweepDue) EventType() string { return "SweepDue" }

// EventVersion is the version on the wire.
func (SweepDue) EventVersion() int { return 1 }

// Validate implements Data.
func (SweepDue) Validate() error { return nil }
