package event

import (
	"errors"
	"net/netip"
	"time"
)

// InstanceReady is emitted by the provisioner when a session can start on the
// bastion, not when EC2 says running.
type InstanceReady struct {
	InstanceID string     `json:"instance_id"`
	PrivateIP  netip.Addr `json:"private_ip"`
	Region     string     `json:"region"`
	SessionURL string     `json:"session_url"`
	// Warrant is approval's, carried on for the grantor.
	Warrant string `json:"warrant"`
}

// EventType is the name on the wire.
func (InstanceReady) EventType() string { return "InstanceReady" }

// EventVersion is the version on the wire.
func (InstanceReady) EventVersion() int { return 1 }

// Validate implements Data.
func (e InstanceReady) Validate() error {
	errs := []error{
		need("instance_id", e.InstanceID), need("region", e.Region),
		need("session_url", e.SessionURL), need("warrant", e.Warrant),
	}
	if !e.PrivateIP.Is4() {
		errs = append(errs, errors.New("private_ip is not an IPv4 address"))
	}
	return errors.Join(errs...)
}

// ProvisionFailed is emitted by the provisioner when it gave up before
// InstanceReady. What it had begun is ended by the Expired that follows.
type ProvisionFailed struct {
	// Code is of a closed set, for metrics; Reason is for a person.
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

// EventType is the name on the wire.
func (ProvisionFailed) EventType() string { return "ProvisionFailed" }

// EventVersion is the version on the wire.
func (ProvisionFailed) EventVersion() int { return 1 }

// Validate implements Data.
func (e ProvisionFailed) Validate() error {
	return errors.Join(need("code", e.Code), need("reason", e.Reason))
}

// InstanceLost is emitted by the provisioner when a bastion went away though no
// termination of ours was claimed.
type InstanceLost struct {
	InstanceID string    `json:"instance_id"`
	State      string    `json:"state"`
	SeenAt     time.Time `json:"seen_at"`
}

// EventType is the name on the wire.
func (InstanceLost) EventType() string { return "InstanceLost" }

// EventVersion is the version on the wire.
func (InstanceLost) EventVersion() int { return 1 }

// Validate implements Data.
func (e InstanceLost) Validate() error {
	return errors.Join(need("instance_id", e.InstanceID), needTime("seen_at", e.SeenAt))
}

// InstanceTerminated is emitted by the provisioner in answer to Expired, once
// per request: the instance was seen terminated, or there was none.
type InstanceTerminated struct {
	Outcome    Outcome `json:"outcome"`
	InstanceID string  `json:"instance_id,omitempty"`
	// Sessions is how many live sessions were ended.
	Sessions int       `json:"sessions"`
	SeenAt   time.Time `json:"seen_at"`
	// How says by what look this is known.
	How string `json:"how"`
}

// EventType is the name on the wire.
func (InstanceTerminated) EventType() string { return "InstanceTerminated" }

// EventVersion is the version on the wire.
func (InstanceTerminated) EventVersion() int { return 1 }

// Validate implements Data.
func (e InstanceTerminated) Validate() error {
	return errors.Join(oneOf("outcome", e.Outcome, Gone, None), needTime("seen_at", e.SeenAt), need("how", e.How))
}

// Outcome is how something that was to be ended ended.
type Outcome string

// The outcomes of a teardown.
const (
	// Gone means that it was there and has been seen to be gone.
	Gone Outcome = "gone"
	// Parked means that the account had to be kept, locked for ever.
	Parked Outcome = "parked"
	// None means that there was nothing.
	None Outcome = "none"
)

// Overdue is emitted by the provisioner or the grantor in their sweep for
// something past the end they know, or of no record. The reaper answers.
type Overdue struct {
	What  string    `json:"what"`
	Ref   string    `json:"ref"`
	Since time.Time `json:"since"`
}

// EventType is the name on the wire.
func (Overdue) EventType() string { return "Overdue" }

// EventVersion is the version on the wire.
func (Overdue) EventVersion() int { return 1 }

// Validate implements Data.
func (e Overdue) Validate() error {
	return errors.Join(need("what", e.What), need("ref", e.Ref), needTime("since", e.Since))
}

// InstanceStateChanged is EC2's own event on the account's default bus, for
// everybody's instances (aws.ec2, "EC2 Instance State-change Notification"). It
// is a hint: whoever gets it looks at EC2.
type InstanceStateChanged struct {
	InstanceID string `json:"instance-id"`
	State      string `json:"state"`
}

// EC2 is the source of EC2's own events.
const EC2 Source = "aws.ec2"

// EventType is the name on the wire.
func (InstanceStateChanged) EventType() string { return "EC2 Instance State-change Notification" }

// EventVersion is 1: events of AWS have no version of ours.
func (InstanceStateChanged) EventVersion() int { return 1 }

// Validate implements Data.
func (e InstanceStateChanged) Validate() error {
	return errors.Join(need("instance-id", e.InstanceID), need("state", e.State))
}
