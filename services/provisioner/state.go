package provisioner

import (
	"net/netip"
	"slices"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// State is what the provisioner knows of one request: what to build, what it
// launched, and how that ended.
type State struct {
	// Order is what approval allowed, nil until Approved.
	Order *Order `json:"order,omitempty"`
	// Launches are all that were ever begun, in their order.
	Launches []Launch `json:"launches,omitempty"`
	// Ready says that InstanceReady was said, Failed that ProvisionFailed was,
	// Lost that InstanceLost was.
	Ready  bool `json:"ready"`
	Failed bool `json:"failed"`
	Lost   bool `json:"lost"`

	// Expired is the end, nil until there is one. From then on nothing is built.
	Expired *Expiry `json:"expired,omitempty"`
	// Revoked is how the account ended, empty while it may be there.
	Revoked event.Outcome `json:"revoked,omitempty"`
	// SessionsAt is when live sessions were last ended, Sessions how many in all.
	SessionsAt time.Time `json:"sessions_at,omitzero"`
	Sessions   int       `json:"sessions"`
	// Terminated is the answer to Expired.
	Terminated *event.InstanceTerminated `json:"terminated,omitempty"`
}

// Order is the part of a warrant that a bastion is built from.
type Order struct {
	Cluster string    `json:"cluster"`
	Region  string    `json:"region"`
	Owner   string    `json:"owner"` // Slack user id
	StartBy time.Time `json:"start_by"`
	EndBy   time.Time `json:"end_by"`
	// Refused is what the catalog no longer allows, for a person; empty where
	// it allows everything.
	Refused string `json:"refused,omitempty"`
	// Warrant is carried on for the grantor.
	Warrant string `json:"warrant"`
}

// Expiry is the end, as the reaper said it or as the warrant did.
type Expiry struct {
	// SeenAt is when it was first heard, by our clock.
	SeenAt time.Time `json:"seen_at"`
	// Asked is the id of the newest Expired that was heard, Answered of the one
	// that was answered last. The reaper asks again where an answer was lost.
	Asked    string        `json:"asked,omitempty"`
	Answered string        `json:"answered,omitempty"`
	Drain    time.Duration `json:"drain"`
	// Own says that nobody said it: the latest end had passed.
	Own bool `json:"own,omitempty"`
}

// Outcome is what became of a launch.
type Outcome string

// The outcomes of a launch. None yet means that it was begun, and that what it
// made must be found out.
const (
	Made    Outcome = "made"
	Nothing Outcome = "nothing"
)

// Launch is one call of RunInstances: its whole input, so that the very same
// call can be made again, and what became of it.
type Launch struct {
	Input   Input     `json:"input"`
	BegunAt time.Time `json:"begun_at"` // the last time
	Outcome Outcome   `json:"outcome,omitempty"`

	InstanceID string     `json:"instance_id,omitempty"`
	Address    netip.Addr `json:"address,omitzero"`
	MadeAt     time.Time  `json:"made_at,omitzero"`
	// Held says that the address is this request's, Clash that another
	// request's account may still live there.
	Held  bool `json:"held,omitempty"`
	Clash bool `json:"clash,omitempty"`

	// AskedAt is when its termination was last asked for.
	AskedAt time.Time `json:"asked_at,omitzero"`
	// MissedAt is when it was first not to be found, by id and by tag.
	MissedAt time.Time `json:"missed_at,omitzero"`
	// GoneAt is when it was proven gone, How by what look.
	GoneAt time.Time `json:"gone_at,omitzero"`
	How    string    `json:"how,omitempty"`
}

// Live implements store.State. That an account is gone is nothing to look after
// for a request that was neither ordered nor ended.
func (s State) Live() bool {
	return (s.Order != nil || s.Expired != nil) && (s.Terminated == nil || s.unanswered())
}

// unanswered reports whether the reaper has asked again since the last answer.
func (s State) unanswered() bool { return s.Expired != nil && s.Expired.Asked != s.Expired.Answered }

// Pointer kinds.
const (
	instancePointer = "instance"
	addressPointer  = "address"
)

// Pointers implements store.State. An address stays taken until the account on
// it is proven gone, also after its instance.
func (s State) Pointers() []store.Pointer {
	accountGone := s.Revoked == event.Gone || s.Revoked == event.None
	var out []store.Pointer
	for _, l := range s.Launches {
		if l.InstanceID != "" {
			out = append(out, store.Pointer{Kind: instancePointer, Value: l.InstanceID})
		}
		if l.Held && !accountGone {
			out = append(out, l.addressPointer())
		}
	}
	return out
}

func (l Launch) addressPointer() store.Pointer {
	return store.Pointer{Kind: addressPointer, Value: l.Input.Region + "/" + l.Address.String()}
}

// standing are the launches whose instance is not proven gone.
func (s State) standing() []int {
	var out []int
	for i, l := range s.Launches {
		if l.Outcome == Made && l.GoneAt.IsZero() {
			out = append(out, i)
		}
	}
	return out
}

// last is the newest launch, nil where there is none.
func (s State) last() *Launch {
	if len(s.Launches) == 0 {
		return nil
	}
	return &s.Launches[len(s.Launches)-1]
}

// knows reports whether the instance is of a launch on record.
func (s State) knows(id string) bool {
	return slices.ContainsFunc(s.Launches, func(l Launch) bool { return l.InstanceID == id })
}
