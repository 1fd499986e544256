package provisioner

import (
	"context"
	"sync"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// OnSweepDue looks after everything that is not answered for: what its record
// owes is published, a launch or a teardown that stands still goes on, and what
// is past its latest end is ended. Then it looks after what bears our tag and is
// of no such record.
func (s *Service) OnSweepDue(ctx context.Context, e event.Typed[event.SweepDue]) error {
	w := s.lookAround(ctx)
	var live sync.Map // whether the record is not finished, by request
	err := s.sweep.Run(ctx, func(ctx context.Context, id string) error {
		h := e.Header
		h.RequestID = id
		return s.machine.Run(ctx, id, h, func(stored store.Record[State]) step {
			live.Store(id, stored.State.Terminated == nil)
			return s.visit(record{stored, nil}, w, s.clock.Now())
		})
	})
	if err != nil {
		return err
	}
	if err := s.sweepOrphans(ctx, e.Header, w, &live); err != nil {
		// The next sweep comes anyway, and this one's records have been seen to.
		s.log.ErrorContext(ctx, "sweeping orphans failed", "error", err)
	}
	return nil
}

func (s *Service) visit(r record, w world, now time.Time) step {
	st := r.State
	forgotten := w.forgotten(st, now)
	switch {
	case r.Claim == nil && st.pastEnd(now):
		return store.Move(overdue(r.ID, st, now))
	case r.Claim == nil && st.Expired == nil && forgotten >= 0:
		return s.terminate(r, forgotten)
	case r.Claim == nil && st.stands() && w.misses(*st.last()):
		return store.Look(s.lookLost)
	default:
		return s.decide(r, now)
	}
}

// pastEnd reports whether the latest possible end has passed and nobody said so.
func (s State) pastEnd(now time.Time) bool {
	return s.Order != nil && s.Expired == nil && s.Terminated == nil && now.After(s.Order.EndBy.Add(warrant.Tolerance))
}

// overdue is the third stop: the reaper is told, and not waited for.
func overdue(id string, st State, now time.Time) transition {
	ref := id
	if l := st.last(); l != nil && l.InstanceID != "" {
		ref = l.InstanceID
	}
	return transition{
		To:   func(st *State) { st.Expired = &Expiry{SeenAt: now.UTC(), Own: true} },
		Emit: []store.Emit{{Discriminator: ref, Data: event.Overdue{What: "instance", Ref: ref, Since: st.Order.EndBy}}},
	}
}
