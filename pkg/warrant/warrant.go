// Package warrant signs and verifies the two papers on which PowerPole acts: the slip, intake's word for what a person
// did in Slack, and the warrant, approval's word for what may be done about it. Both are JWS (RFC 7515) in compact
// form, signed with Ed25519 (RFC 8037), with a fixed alg, a typ of their own and the installation as audience, and each
// is signed by keys that can sign nothing else.
//
// Verifying fails in one of two ways. ErrNotGenuine: nobody who may sign this signed this, for this request, in this
// installation; nothing in it means anything and somebody must be told. ErrLate: all of it is true, and too old to
// begin anything with.
package warrant

import (
	"errors"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/person"
)

// Tolerance is for clocks that differ a little: a moment written by one service and compared by another is taken as
// past only beyond it.
const Tolerance = 2 * time.Minute

// Kind is what a paper is. It is the typ of its JWS and the use of the keys that sign it.
type Kind string

// The two kinds.
const (
	KindSlip    Kind = "powerpole-slip"
	KindWarrant Kind = "powerpole-warrant"
)

// Purpose is what a warrant permits.
type Purpose string

// The two purposes. A warrant of one is not genuine where the other is asked for.
const (
	// PurposeGrant permits one bastion and one account: the warrant inside Approved.
	PurposeGrant Purpose = "grant"
	// PurposeExtend permits a longer total duration for a request that was granted: the warrant inside Extended.
	PurposeExtend Purpose = "extend"
)

// Slip is what intake says that a person did. It names no outcome: what the person may do is approval's to decide.
type Slip struct {
	// Enterprise and Team are Slack's ids of the person's organisation and workspace; Enterprise is empty outside
	// Enterprise Grid. User is the Slack user id.
	Enterprise string `json:"enterprise,omitempty"`
	Team       string `json:"team"`
	User       string `json:"user"`
	// Action is the name of what was done: "request", "approve", "credentials", …
	Action    string `json:"action"`
	RequestID string `json:"request_id"`
	// Digest is of what the person had before their eyes (see Digest).
	Digest string `json:"digest,omitempty"`
	// ActionTS is Slack's action_ts, which tells one click from the next.
	ActionTS string    `json:"action_ts,omitempty"`
	IssuedAt time.Time `json:"issued_at"`
}

// Person is somebody whom a warrant names.
type Person struct {
	Enterprise string `json:"enterprise,omitempty"`
	Team       string `json:"team,omitempty"`
	User       string `json:"user"`
	Email      string `json:"email"`
}

// ID returns who the person is for comparisons.
func (p Person) ID() person.ID { return person.ID{User: p.User, Email: p.Email} }

// Warrant is approval's word: this person, these privileges on these databases, this long, by those approvers or by
// that rule.
type Warrant struct {
	RequestID string   `json:"request_id"`
	Purpose   Purpose  `json:"purpose"`
	Owner     Person   `json:"owner"`
	Cluster   string   `json:"cluster"`
	Databases []string `json:"databases"`
	// Tables narrows the databases to these ("shop.orders", "shop.orders(id, item)"); empty means all of them.
	Tables []string `json:"tables,omitempty"`
	Role   string   `json:"role"`
	// Privileges are the SQL privileges as the approvers saw them, not as the catalog has them by now.
	Privileges []string `json:"privileges"`
	// Duration is the total length of the lease, counted from Granted. In JSON it is a number of nanoseconds.
	Duration time.Duration `json:"duration"`
	// Approvers decided; Rule names the rule of the catalog that did so in their place ("auto-approval",
	// "break-glass"). One of the two is there, and no approver is the owner.
	Approvers []Person `json:"approvers,omitempty"`
	Rule      string   `json:"rule,omitempty"`
	// PolicyHash is that of the policies and the catalog under which it was decided.
	PolicyHash string `json:"policy_hash"`
	// StartBy is the latest moment to begin (approval, or the wished start, + the provisioning limit); EndBy the
	// latest end there can ever be (StartBy + the role's ceiling).
	StartBy time.Time `json:"start_by"`
	EndBy   time.Time `json:"end_by"`
	// Digest is of the request as it was asked (see Digest).
	Digest   string    `json:"digest,omitempty"`
	IssuedAt time.Time `json:"issued_at"`
}

// latest is the last moment at which the warrant may begin what it permits.
func (w Warrant) latest() time.Time {
	if w.Purpose == PurposeExtend {
		return w.EndBy
	}
	return w.StartBy
}

// check says what of the warrant contradicts itself. It is asked before signing and after verifying, so that a mistake
// in approval opens nothing.
func (w Warrant) check() error {
	return errors.Join(
		need(w.RequestID != "", "it names no request"),
		need(w.Purpose == PurposeGrant || w.Purpose == PurposeExtend, "its purpose is unknown"),
		need(w.Owner.ID().Complete(), "its owner lacks user id or e-mail"),
		need(w.Cluster != "" && w.Role != "", "it names no cluster or no role"),
		need(len(w.Databases) > 0 && len(w.Privileges) > 0, "it names no database or no privilege"),
		need(w.Duration > 0, "its duration is not positive"),
		need(w.EndBy.After(w.StartBy), "it ends before it begins"),
		need(w.EndBy.Sub(w.StartBy) >= w.Duration, "it lasts longer than until its latest end"),
		need(!w.IssuedAt.IsZero(), "it has no date"),
		need(len(w.Approvers) > 0 || w.Rule != "", "nobody and no rule approved it"),
		w.checkApprovers(),
	)
}

func (w Warrant) checkApprovers() error {
	for i, approver := range w.Approvers {
		if !approver.ID().Complete() {
			return errors.New("an approver lacks user id or e-mail")
		}
		if person.Same(approver.ID(), w.Owner.ID()) {
			return errors.New("its owner is among its approvers")
		}
		for _, other := range w.Approvers[:i] {
			if person.Same(approver.ID(), other.ID()) {
				return errors.New("one approver is counted twice")
			}
		}
	}
	return nil
}

func (s Slip) check() error {
	return errors.Join(
		need(s.RequestID != "", "it names no request"),
		need(s.User != "" && s.Team+s.Enterprise != "", "it names no person"),
		need(s.Action != "", "it names no action"),
		need(!s.IssuedAt.IsZero(), "it has no date"),
	)
}

func need(ok bool, otherwise string) error {
	if ok {
		return nil
	}
	return errors.New(otherwise)
}

// checkRequest says whether a paper for request got is one for request want.
func checkRequest(got, want string) error {
	if want == "" || got != want {
		return fmt.Errorf("it is for request %q, not for %q", got, want)
	}
	return nil
}
