// Package policy decides what a person may do: may this principal request, approve, extend, release … this role on this
// cluster? The rules are Cedar policies (cedarpolicy.com): those in policy.cedar, which nobody can take back, and those
// that an installation adds. They speak of the catalog, so a decision is the narrower of both.
//
// Everything is denied that no policy permits; a policy that fails while it is asked denies; policies that are missing,
// empty or broken deny everything. Ask again at every decision, with memberships as of now: nothing here remembers.
package policy

import (
	"cmp"
	"slices"
	"time"

	"github.com/cedar-policy/cedar-go"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/person"
	"github.com/powerpole/powerpole/pkg/reason"
)

// Action is what somebody wants to do. The values are those of event.Action where there is one.
type Action string

// The actions.
const (
	// Request is to ask for a lease, and AutoApprove to get it by the catalog's rule, without an approver.
	Request     Action = "request"
	AutoApprove Action = "auto-approve"
	// BreakGlass is to take a lease at once in an emergency.
	BreakGlass Action = "break-glass"
	// Approve is one approver's yes, to a request or to an extension; Deny the no; Look "I'm looking"; Review closes
	// the review of a break-glass.
	Approve Action = "approve"
	Deny    Action = "deny"
	Look    Action = "look"
	Review  Action = "review"
	// Cancel takes one's own request back, Extend asks for more time, Release ends a lease early.
	Cancel  Action = "cancel"
	Extend  Action = "extend"
	Release Action = "release"
)

// Actions lists them all.
func Actions() []Action {
	return []Action{Request, AutoApprove, BreakGlass, Approve, Deny, Look, Review, Cancel, Extend, Release}
}

// Principal is who wants to do it, as Slack knows them at this moment.
type Principal struct {
	person.ID
	// Memberships are the ids of the Slack user groups that the person is in, as of now. Leave it empty if that
	// cannot be found out: then they are an approver by their own id only.
	Memberships []string
	// Guest is a restricted or ultra-restricted account, Bot an app, Stranger somebody of another organisation or
	// team, Deactivated a deleted account. Set all four where Slack's answer is not clear.
	Guest, Bot, Stranger, Deactivated bool
}

// Resource is what it is about: one person's request or lease.
type Resource struct {
	Requester person.ID
	Cluster   string
	Role      string
	Databases []string
	Tables    []string
	// Privileges are those that were shown for approval; empty before that.
	Privileges []string
	// Duration is the total length of the lease: with what is asked for more, for Extend and the approval of that.
	Duration time.Duration
}

// Decision is the answer, and why, in sentences that a person may read. There is always a reason.
type Decision struct {
	Allow bool
	// Policies are the ids of the policies that decided; none where no policy permits.
	Policies []string
	Reasons  []string
}

// Engine decides by one set of policies and one catalog. The zero Engine and nil deny everything.
type Engine struct {
	catalog  *catalog.Catalog
	policies *cedar.PolicySet
	hash     string
}

// Hash returns the SHA-256 over all policies and the catalog: what a warrant names as the rules under which it was
// decided. It is empty for an engine that denies everything because it has no rules.
func (e *Engine) Hash() string {
	if e == nil {
		return ""
	}
	return e.hash
}

// Decide says whether the principal may do the action on the resource, now.
func (e *Engine) Decide(p Principal, action Action, r Resource) Decision {
	if e == nil || e.policies == nil {
		return Decision{Reasons: []string{reason.NoPolicies.Say()}}
	}
	if !slices.Contains(Actions(), action) {
		return Decision{Reasons: []string{reason.NoAction.Say()}}
	}
	refused := e.catalog.Check(r.ask())
	entities, request := e.question(p, action, r, len(refused) == 0)
	verdict, diagnostic := cedar.Authorize(e.policies, entities, request)
	if len(diagnostic.Errors) > 0 {
		return e.failed(diagnostic.Errors)
	}
	if verdict == cedar.Allow {
		return e.explain(true, diagnostic.Reasons)
	}
	denied := e.explain(false, diagnostic.Reasons)
	for _, refusal := range refused {
		denied.Reasons = append(denied.Reasons, refusal.Text)
	}
	if len(denied.Reasons) == 0 {
		denied.Reasons = []string{reason.NoPermit.Say()}
	}
	return denied
}

// failed denies because a policy could not be asked. Cedar itself leaves such a policy out; where that is a forbid, it
// would no longer forbid.
func (e *Engine) failed(errors []cedar.DiagnosticError) Decision {
	d := Decision{Reasons: []string{reason.PolicyFailed.Say()}}
	for _, err := range errors {
		d.Policies = append(d.Policies, string(err.PolicyID))
	}
	slices.Sort(d.Policies)
	return d
}

func (e *Engine) explain(allow bool, reasons []cedar.DiagnosticReason) Decision {
	d := Decision{Allow: allow}
	slices.SortFunc(reasons, func(a, b cedar.DiagnosticReason) int { return cmp.Compare(a.PolicyID, b.PolicyID) })
	for _, r := range reasons {
		d.Policies = append(d.Policies, string(r.PolicyID))
		text := string(e.policies.Get(r.PolicyID).Annotations()["reason"])
		d.Reasons = append(d.Reasons, cmp.Or(text, "policy "+string(r.PolicyID)))
	}
	return d
}

func (r Resource) ask() catalog.Ask {
	return catalog.Ask{
		Cluster: r.Cluster, Databases: r.Databases, Tables: r.Tables,
		Role: r.Role, Privileges: r.Privileges, Duration: r.Duration,
	}
}
