package approval

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/policy"
	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/pkg/store"
)

// ruleGone ends what belongs to somebody who may take part no more.
const ruleGone = "never-guests"

// OnPersonChanged ends what somebody has open who was deactivated, or became a
// guest. The event is a hint: Slack is asked.
func (s *Service) OnPersonChanged(ctx context.Context, e event.Typed[event.PersonChanged]) error {
	ids, err := s.openRequests(ctx, e.Data.Person)
	if err != nil || len(ids) == 0 {
		return err
	}
	who, principal, err := s.lookUp(ctx, e.Data.Person)
	if err != nil {
		return s.doubt(ctx, e, err)
	}
	var failed, shown []error
	for _, id := range ids {
		h := e.Header
		h.RequestID = id
		if err := s.endFor(ctx, h, who, principal); bus.IsOnRecord(err) {
			shown = append(shown, err)
		} else {
			failed = append(failed, err)
		}
	}
	// What only is not shown yet must not stand for what is not on record.
	return cmp.Or(errors.Join(failed...), errors.Join(shown...))
}

// doubt puts on record that somebody changed, while Slack does not say how.
func (s *Service) doubt(ctx context.Context, e event.Typed[event.PersonChanged], why error) error {
	if err := s.setDoubt(ctx, e.Header, e.Data.Person.User, &e.Data.Person); err != nil {
		return errors.Join(err, why)
	}
	return bus.OnRecord(slackui.Outcome(why))
}

func (s *Service) setDoubt(ctx context.Context, h event.Header, user string, doubted *event.Person) error {
	h.RequestID = pastOf(user)
	return s.Pasts.Run(ctx, h.RequestID, h, func(r store.Record[Past]) store.Step[Past] {
		if (r.State.Doubted == nil) == (doubted == nil) {
			return store.Done[Past]()
		}
		return store.Move(store.Transition[Past]{To: func(past *Past) { past.Doubted = doubted }})
	})
}

// askAgain asks Slack about somebody who changed when it did not say.
func (s *Service) askAgain(ctx context.Context, h event.Header, record string) error {
	r, err := s.Pasts.Table().Load(ctx, record)
	if err != nil || r.State.Doubted == nil {
		return err
	}
	who := *r.State.Doubted
	err = s.OnPersonChanged(ctx, event.Typed[event.PersonChanged]{Header: h, Data: event.PersonChanged{Person: who}})
	if err != nil {
		return err
	}
	return s.setDoubt(ctx, h, who.User, nil)
}

// endFor ends one request if its requester may not have it any more.
func (s *Service) endFor(ctx context.Context, h event.Header, who event.Person, principal policy.Principal) error {
	q, rows, err := s.load(ctx, h.RequestID)
	if err != nil {
		return err
	}
	may := s.Policy.Decide(principal, policy.Cancel, q.resource(q.Duration))
	if entry, emit, ok := s.gone(q, who, may); ok {
		entry.Cause = h.ID
		err := s.Log.Append(ctx, h.RequestID, rows, h, entry, emit)
		if errors.Is(err, store.ErrConflict) {
			return bus.Later(time.Second, fmt.Errorf("ending %s: %w", h.RequestID, err))
		}
		if err != nil {
			return err
		}
	}
	return s.follow(ctx, h)
}

// gone is the row that ends a request whose requester may not cancel it any
// more, which is the least that anybody may.
func (s *Service) gone(q Request, who event.Person, may policy.Decision) (Entry, store.Emit, bool) {
	entry := Entry{By: who, Rules: append(may.Policies, ruleGone), PolicyHash: s.Policy.Hash(), Text: reason.TakesNoPart.Say()}
	switch {
	case may.Allow:
		return entry, store.Emit{}, false
	case q.Status == Requested:
		entry.Kind = Denied
		return entry, store.Emit{Data: event.Denied{Ask: q.Ask, Rule: ruleGone, Reason: reason.Deactivated.Say()}}, true
	case q.Status == Approved && q.Release == nil:
		entry.Kind = Released
		return entry, store.Emit{Data: event.Released{By: who, Why: entry.Text}}, true
	default:
		return entry, store.Emit{}, false
	}
}
