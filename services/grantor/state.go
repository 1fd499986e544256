package grantor

import (
	"net/netip"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// Outcome is how far a request has come for good.
type Outcome string

// The outcomes. The empty one is a request that is still on its way.
const (
	Granted Outcome = "granted"
	// Failed has left nothing, unless an account that is not removed: that is
	// parked.
	Failed  Outcome = "failed"
	Revoked Outcome = "revoked"
	// Parked is revoked, with an account that is locked for ever and kept.
	Parked Outcome = "parked"
)

// State is what the grantor keeps of one request.
type State struct {
	Ready *Ready `json:"ready,omitempty"`
	// Lease is of the verified warrant that came with Ready.
	Lease *Lease `json:"lease,omitempty"`
	// ArmedAt is when the first stop that is in the scheduler fires.
	ArmedAt *time.Time `json:"armed_at,omitempty"`
	Account *Account   `json:"account,omitempty"`
	// GrantedAt is the moment of the claim, ExpiresAt what follows from it.
	GrantedAt time.Time `json:"granted_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	Outcome   Outcome   `json:"outcome,omitempty"`
	End       *End      `json:"end,omitempty"`
	// Drain is how far the sessions' time to finish has come.
	Drain Drain `json:"drain,omitzero"`
	// Overdue says that the reaper was asked for the end.
	Overdue bool `json:"overdue,omitempty"`
	// RemindedAt is when people were last told of a parked account.
	RemindedAt time.Time `json:"reminded_at,omitzero"`
	// Answer is what Revoked said, to be said again to a reaper that asks
	// again.
	Answer *event.Revoked `json:"answer,omitempty"`
}

// Ready is the bastion.
type Ready struct {
	InstanceID string     `json:"instance_id"`
	PrivateIP  netip.Addr `json:"private_ip"`
	Region     string     `json:"region"`
}

// Lease is what was approved.
type Lease struct {
	Email      string        `json:"email"`
	Cluster    string        `json:"cluster"`
	Databases  []string      `json:"databases"`
	Tables     []string      `json:"tables,omitempty"`
	Role       string        `json:"role"`
	Privileges []string      `json:"privileges"`
	Duration   time.Duration `json:"duration"`
	StartBy    time.Time     `json:"start_by"`
	EndBy      time.Time     `json:"end_by"`
}

// Account is the account, from before it is made.
type Account struct {
	Cluster string     `json:"cluster"`
	User    string     `json:"user"`
	Host    netip.Addr `json:"host"`
	// Lock names the lock on the server that grant and revoke share.
	Lock string `json:"lock"`
	// Prepared are the prepared transactions that the server had before.
	Prepared []string `json:"prepared,omitempty"`
	// Removed says that the account was undone, and its name given back.
	Removed bool `json:"removed,omitempty"`
}

// End is the first Expired.
type End struct {
	EventID string      `json:"event_id"`
	Cause   event.Cause `json:"cause"`
	EndedAt time.Time   `json:"ended_at"`
	// Drain is how long transactions may go on after EndedAt.
	Drain time.Duration `json:"drain,omitempty"`
}

var _ store.State = State{}

// parked reports whether there is an account that is kept, and nothing else to
// be done.
func (s State) parked() bool {
	return s.Outcome == Parked || s.Outcome == Failed && s.began() && s.End == nil
}

// answered reports whether Expired has been answered.
func (s State) answered() bool { return s.Outcome == Revoked || s.Outcome == Parked }

// Live reports whether something is still to be done or looked after.
func (s State) Live() bool {
	return s.Outcome != Revoked && (s.Outcome != Failed || s.began())
}

// Pointers claim the account's name on its cluster for this request.
func (s State) Pointers() []store.Pointer {
	if s.Account == nil || s.Account.Removed {
		return nil
	}
	return []store.Pointer{{Kind: "account", Value: s.Account.Cluster + "/" + s.Account.User}}
}

// began reports whether there may be an account on a server.
func (s State) began() bool { return s.Account != nil && !s.Account.Removed }

func leaseOf(w warrant.Warrant) *Lease {
	return &Lease{
		Email: w.Owner.Email, Cluster: w.Cluster, Databases: w.Databases, Tables: w.Tables, Role: w.Role,
		Privileges: w.Privileges, Duration: w.Duration, StartBy: w.StartBy.UTC(), EndBy: w.EndBy.UTC(),
	}
}

// expires is the end of a lease that begins at the moment.
func (l Lease) expires(from time.Time) time.Time {
	end := from.Add(l.Duration)
	if end.After(l.EndBy) {
		return l.EndBy
	}
	return end
}
