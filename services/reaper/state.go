package reaper

import (
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// State is what the reaper knows of one request: a lease, from Approved to its
// receipt.
type State struct {
	// Terms are what approval allowed, nil until Approved.
	Terms *Terms `json:"terms,omitempty"`
	// Extension is the longest total that approval allowed later; zero for none.
	Extension time.Duration `json:"extension,omitempty"`
	// ExtensionRefused says that one came too late and people were told.
	ExtensionRefused bool `json:"extension_refused,omitempty"`
	// Lease is what the grantor gave, nil until Granted.
	Lease *Lease `json:"lease,omitempty"`

	// Stops are all that were ever claimed, so that all can be deleted.
	Stops []Stop `json:"stops,omitempty"`
	// Generation is that of the newest stops, ArmedGeneration of the newest
	// that are known to be armed. They differ only while arming is claimed.
	Generation      int `json:"generation"`
	ArmedGeneration int `json:"armed_generation"`

	// Warned is the end for which people were warned.
	Warned time.Time `json:"warned,omitzero"`
	// Overdue is the id of the last Overdue that was answered.
	Overdue string `json:"overdue,omitempty"`

	// Ended is the end, nil until there is one. There is only ever one.
	Ended *event.Expired `json:"ended,omitempty"`
	// SaidAgain is when a sweep last said it again.
	SaidAgain time.Time `json:"said_again,omitzero"`
	// Missing says that people were told that the receipt is late.
	Missing bool `json:"missing,omitempty"`
	// Revoked and Terminated are the answers to it.
	Revoked    *event.Revoked            `json:"revoked,omitempty"`
	Terminated *event.InstanceTerminated `json:"terminated,omitempty"`
	// Reaped says that the receipt has been written.
	Reaped bool `json:"reaped"`
}

// Terms are the part of a warrant that the reaper needs.
type Terms struct {
	Cluster  string        `json:"cluster"`
	Role     string        `json:"role"`
	Duration time.Duration `json:"duration"`
	StartBy  time.Time     `json:"start_by"`
	EndBy    time.Time     `json:"end_by"`
}

// Lease is when the account began to work, and until when its grantor takes it
// to last.
type Lease struct {
	GrantedAt time.Time `json:"granted_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// StopKind says what a stop is for; it is part of its schedule's name.
type StopKind string

// The kinds of stops.
const (
	StartStop StopKind = "start" // the account must exist by then
	WarnStop  StopKind = "warn"
	EndStop   StopKind = "end"
)

// Stop is one moment for which somebody must wake up.
type Stop struct {
	Kind       StopKind `json:"kind"`
	Generation int      `json:"generation"`
	// Name is that of its schedule.
	Name string `json:"name"`
	// At is the moment itself, not the one for which the schedule is set.
	At time.Time `json:"at"`
	// Set says that the scheduler has it. A moment too near for the scheduler
	// is waited out by a message.
	Set bool `json:"set"`
	// FiredAt is when its message first came.
	FiredAt time.Time `json:"fired_at,omitzero"`
}

// maxWait is the longest that is waited out by Later, and the longest that a
// stop is waited for once its schedule has fired, whatever the clock says.
const maxWait = 2 * time.Minute

// due is the moment at which the stop counts: its own, or two minutes after its
// schedule fired where our clock is behind the scheduler's.
func (s Stop) due() time.Time {
	if s.FiredAt.IsZero() || s.At.Before(s.FiredAt.Add(maxWait)) {
		return s.At
	}
	return s.FiredAt.Add(maxWait)
}

// asleep reports whether the scheduler will still wake somebody for it.
func (s Stop) asleep() bool { return s.Set && s.FiredAt.IsZero() }

// Live implements store.State. Answers to an end that there has not been are
// nothing to look after.
func (s State) Live() bool {
	return !s.Reaped && (s.Terms != nil || s.Lease != nil || s.Ended != nil)
}

// Pointers implements store.State: a lease is found by its request only.
func (s State) Pointers() []store.Pointer { return nil }

// startLimit is when the account must exist.
func (t Terms) startLimit() time.Time { return t.StartBy.Add(warrant.Tolerance) }

// end is when the lease ends: granted_at + the approved total, at most end_by.
// The zero time means that it has not begun.
func (s State) end() time.Time {
	switch {
	case s.Lease == nil:
		return time.Time{}
	case s.Terms == nil:
		return s.Lease.ExpiresAt
	}
	end := s.Lease.GrantedAt.Add(max(s.Terms.Duration, s.Extension))
	if end.After(s.Terms.EndBy) {
		return s.Terms.EndBy
	}
	return end
}

// warning is when people are warned of the end: ten minutes before, or a fifth
// of a short lease.
func (s State) warning() time.Time {
	end := s.end()
	return end.Add(-min(10*time.Minute, end.Sub(s.Lease.GrantedAt)/5))
}

// current returns the newest stop of that kind, nil where the newest generation
// has none.
func (s State) current(kind StopKind) *Stop {
	for i := range s.Stops {
		if s.Stops[i].Kind == kind && s.Stops[i].Generation == s.Generation {
			return &s.Stops[i]
		}
	}
	return nil
}

func (s State) names() []string {
	names := make([]string, len(s.Stops))
	for i, stop := range s.Stops {
		names[i] = stop.Name
	}
	return names
}
