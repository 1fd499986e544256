package approval

import (
	"cmp"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/person"
	"github.com/powerpole/powerpole/pkg/policy"
	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/store"
)

// decide says what becomes of a click on the request. It has no effect; an error
// means that a warrant could not be signed.
func (s *Service) decide(q Request, c click) (verdict, error) {
	switch c.Action {
	case event.Approve:
		return s.approve(q, c)
	case event.Deny:
		return s.deny(q, c), nil
	case event.Look:
		return s.look(q, c), nil
	case event.Cancel:
		return s.cancel(q, c), nil
	case event.Release:
		return s.release(q, c), nil
	case event.Extend:
		return s.extend(q, c)
	default:
		return refuse(reason.NotOffered.Say()), nil
	}
}

// permit asks the policy. Where it says no, the second value is the refusal.
func (s *Service) permit(q Request, c click, action policy.Action, total event.Duration) (policy.Decision, *verdict) {
	may := s.Policy.Decide(c.principal, action, q.resource(total))
	if may.Allow {
		return may, nil
	}
	why := refuse(reason.Join(may.Reasons))
	if c.unsure != nil {
		why = refuse(reason.Unsure.Say())
	}
	return may, &why
}

func (s *Service) approve(q Request, c click) (verdict, error) {
	if among(q.Votes, c.By) {
		return verdict{}, nil
	}
	if q.Status != Requested {
		return refuse(s.happened(q, c)), nil
	}
	if person.Same(identity(c.By), identity(q.Requester)) {
		return refuse(reason.OwnRequest.Say()), nil
	}
	may, no := s.permit(q, c, policy.Approve, q.Duration)
	if no != nil {
		return *no, nil
	}
	// Who asked must still be somebody who may.
	if still := s.Policy.Decide(c.requester, policy.Request, q.resource(q.Duration)); !still.Allow {
		return refuse(cmp.Or(c.unsureText(), reason.RequesterMayNot.Say(reason.Join(still.Reasons)))), nil
	}
	role, _ := s.Catalog.Role(q.Role)
	votes := append(slices.Clone(q.Votes), c.By)
	missing := max(q.Approvals, role.Approvals) - len(votes)
	if missing > 0 {
		return take(c.entry(Vote, may, s.Policy.Hash()), c.voted(missing)), nil
	}
	entry, approved, err := s.approval(q, c.entry(Approved, may, s.Policy.Hash()), votes)
	if err != nil {
		return verdict{}, err
	}
	return take(entry, approved, c.voted(0)), nil
}

func (c click) unsureText() string {
	if c.unsure == nil {
		return ""
	}
	return reason.Unsure.Say()
}

func (s *Service) deny(q Request, c click) verdict {
	if q.Status != Requested {
		return refuse(s.happened(q, c))
	}
	may, no := s.permit(q, c, policy.Deny, q.Duration)
	if no != nil {
		return *no
	}
	why := cmp.Or(strings.TrimSpace(c.Comment), reason.NoReason.Say())
	return take(c.entry(Denied, may, s.Policy.Hash()),
		store.Emit{Data: event.Denied{Ask: q.Ask, By: c.By, Reason: why}}, c.voted(0))
}

func (s *Service) look(q Request, c click) verdict {
	if q.Status != Requested {
		return refuse(s.happened(q, c))
	}
	if among(q.Looking, c.By) {
		return verdict{}
	}
	may, no := s.permit(q, c, policy.Look, q.Duration)
	if no != nil {
		return *no
	}
	return take(c.entry(Looked, may, s.Policy.Hash()), c.voted(q.Approvals-len(q.Votes)))
}

// cancel takes one's own request back; after the approval it is a release.
func (s *Service) cancel(q Request, c click) verdict {
	if q.Status == Approved {
		return s.release(q, c)
	}
	if q.Status != Requested {
		return refuse(s.happened(q, c))
	}
	may, no := s.permit(q, c, policy.Cancel, q.Duration)
	if no != nil {
		return *no
	}
	return take(c.entry(Cancelled, may, s.Policy.Hash()),
		store.Emit{Data: event.Cancelled{Ask: q.Ask, By: c.By}}, c.voted(0))
}

// release ends a lease early; before the approval it is the requester's cancel.
func (s *Service) release(q Request, c click) verdict {
	own := person.Same(identity(c.By), identity(q.Requester))
	switch {
	case q.Status == Requested && own:
		return s.cancel(q, c)
	case q.Status == Requested:
		return refuse(reason.NotYetApproved.Say())
	case q.Status != Approved || q.Release != nil:
		return refuse(s.happened(q, c))
	}
	may, no := s.permit(q, c, policy.Release, q.Duration)
	if no != nil {
		return *no
	}
	why := releasedBy(own, c.Comment)
	return take(c.entry(Released, may, s.Policy.Hash()), store.Emit{Data: event.Released{By: c.By, Why: why}}, c.voted(0))
}

func releasedBy(own bool, comment string) string {
	switch {
	case own && comment != "":
		return reason.ByRequesterSaying.Say(comment)
	case own:
		return reason.ByRequester.Say()
	case comment != "":
		return reason.ByOtherSaying.Say(comment)
	default:
		return reason.ByOther.Say()
	}
}

// extend permits more time, once and up to the ceiling. Whether it comes in time
// is for the reaper to say.
func (s *Service) extend(q Request, c click) (verdict, error) {
	total := q.Total + c.Extra
	switch {
	case q.Status == Requested:
		return refuse(reason.NotYetApproved.Say()), nil
	case q.Status != Approved || q.Release != nil:
		return refuse(s.happened(q, c)), nil
	case q.IsExtended:
		return refuse(reason.ExtendedOnce.Say()), nil
	case c.Extra <= 0 || total < q.Total || total > q.Ceiling:
		return refuse(reason.OverCeiling.Say(length(q.Ceiling), length(max(q.Ceiling-q.Total, 0)))), nil
	case s.Clock.Now().After(q.Terms.EndBy):
		return refuse(reason.TooLate.Say()), nil
	}
	may, no := s.permit(q, c, policy.Extend, total)
	if no != nil {
		return *no, nil
	}
	entry := c.entry(Extended, may, s.Policy.Hash())
	entry.Total = total
	extended, err := s.extension(q, c.By, total)
	if err != nil {
		return verdict{}, err
	}
	return take(entry, extended, c.voted(0)), nil
}
