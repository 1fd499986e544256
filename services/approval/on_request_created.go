package approval

import (
	"context"
	"errors"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/policy"
	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// Rules that refuse a request without a policy.
const (
	ruleLate        = "too-late"
	ruleOpen        = "open-per-person"
	ruleUnreachable = "approvers-unreachable"
	ruleAuto        = "auto-approval"
)

// OnRequestCreated opens a request's log: refused by the rules, approved by
// them, or waiting for its approvers.
func (s *Service) OnRequestCreated(ctx context.Context, e event.Typed[event.RequestCreated]) error {
	late, err := s.verify(ctx, e.Header, e.Data.Slip, warrant.Slip{
		Enterprise: e.Data.Requester.Enterprise, Team: e.Data.Requester.Team, User: e.Data.Requester.User,
		Action: string(policy.Request), Digest: e.Data.Digest,
	})
	if err != nil {
		return err
	}
	if digest, err := warrant.Digest(e.Data.Ask); err != nil || digest != e.Data.Digest {
		return s.forged(ctx, e.Header, warrant.Slip{User: e.Data.Requester.User, Action: string(policy.Request)},
			errors.New("the request is not what its digest says"))
	}
	rows, err := s.Log.Load(ctx, e.RequestID)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		entry, emit, err := s.opening(ctx, e, late)
		if err != nil {
			return err
		}
		// A conflict means that the same event is being handled elsewhere.
		err = s.Log.Append(ctx, e.RequestID, nil, e.Header, entry, emit...)
		if err != nil && !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return s.follow(ctx, e.Header)
}

// opening is the first row of a request.
func (s *Service) opening(ctx context.Context, e event.Typed[event.RequestCreated], late bool) (Entry, []store.Emit, error) {
	if late {
		return refusedBy(s.first(e, e.Data.Requester), ruleLate, reason.TooLate.Say())
	}
	who, principal, err := s.lookUp(ctx, e.Data.Requester)
	if err != nil {
		return Entry{}, nil, s.keep(ctx, e, err)
	}
	entry := s.first(e, who)
	resource := Request{Asked: *entry.Asked}.resource(e.Data.Duration)
	may := s.Policy.Decide(principal, policy.Request, resource)
	entry.Rules = may.Policies
	if !may.Allow {
		return refusedBy(entry, "policy", reason.Join(may.Reasons))
	}
	free, err := s.takeSlot(ctx, e.Header, who)
	if err != nil {
		return Entry{}, nil, err
	}
	if !free {
		return refusedBy(entry, ruleOpen, reason.TooMany.Say(s.Catalog.Limits().OpenPerPerson))
	}
	if entry.Asked.Recent, err = s.recent(ctx, e.Header, who.User); err != nil {
		return Entry{}, nil, err
	}
	if s.Policy.Decide(principal, policy.AutoApprove, resource).Allow {
		entry.Asked.Rule = ruleAuto
	}
	return entry, nil, nil
}

// first begins the first row of a request.
func (s *Service) first(e event.Typed[event.RequestCreated], who event.Person) Entry {
	return Entry{
		Kind: Requested, By: who, Cause: e.ID, PolicyHash: s.Policy.Hash(), Text: e.Data.Reason,
		Asked: s.asked(e.Data.Ask, who, e.Data.Digest),
	}
}

// asked is what was asked for, and what that means in the catalog now. Who asks
// is as Slack says now.
func (s *Service) asked(ask event.Ask, who event.Person, digest string) *Asked {
	ask.Requester = who
	role, _ := s.Catalog.Role(ask.Role) // the policy refuses one that is unknown
	return &Asked{
		Ask: ask, Digest: digest, Privileges: role.Privileges, Approvals: role.Approvals,
		Ceiling: event.Duration(role.MaxDuration), Pending: event.Duration(s.Catalog.Limits().Pending),
	}
}

// refusedBy makes of a first row one that refuses.
func refusedBy(entry Entry, rule, why string) (Entry, []store.Emit, error) {
	entry.Kind, entry.Text = Denied, why
	entry.Rules = append(entry.Rules, rule)
	return entry, []store.Emit{{Data: event.Denied{Ask: entry.Asked.Ask, Rule: rule, Reason: why}}}, nil
}
