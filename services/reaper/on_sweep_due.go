package reaper

import (
	"context"
	"sync"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/topology"
)

// sayAgain is how long an end waits for its answers before a sweep says it
// again: longer than a sweep's message takes to come twice, so that each sweep
// says it once.
const sayAgain = topology.SweepEvery / 2

// OnSweepDue looks after every lease that has no receipt: what its record owes
// is published, one past its end is ended though its schedule never fired, and
// an end that nobody answered is said again. Then it looks after the schedules
// of leases that are over.
func (s *Service) OnSweepDue(ctx context.Context, e event.Typed[event.SweepDue]) error {
	var ended sync.Map // whether the lease has ended, by request
	err := s.sweep.Run(ctx, func(ctx context.Context, id string) error {
		h := e.Header
		h.RequestID = id
		return s.run(ctx, h, func(st State, now time.Time) *transition {
			ended.Store(id, st.Ended != nil)
			return st.late(now)
		})
	})
	if err != nil {
		return err
	}
	if err := s.sweepSchedules(ctx, &ended); err != nil {
		// The next sweep comes anyway, and this one's leases have been seen to.
		s.log.ErrorContext(ctx, "sweeping schedules failed", "error", err)
	}
	return nil
}

// late is what a sweep adds to a lease that has ended and is not through.
func (s State) late(now time.Time) *transition {
	switch {
	case s.Ended == nil || s.Reaped:
		return nil
	case s.receiptMissing(now):
		t := s.alarm()
		return &t
	case s.Revoked != nil && s.Terminated != nil, now.Sub(s.lastSaid()) < sayAgain:
		return nil
	}
	return &transition{
		To:   func(st *State) { st.SaidAgain = now.UTC() },
		Emit: again(*s.Ended, stamp(now)),
	}
}

func (s State) lastSaid() time.Time {
	if s.SaidAgain.After(s.Ended.EndedAt) {
		return s.SaidAgain
	}
	return s.Ended.EndedAt
}
