package reaper

import (
	"context"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/reason"
)

// OnOverdue answers an owner that found something past its end: with Expired
// again where there has been one, with the end where it is due or nobody knows
// of such a request, and not at all where the lease still runs.
func (s *Service) OnOverdue(ctx context.Context, e event.Typed[event.Overdue]) error {
	return s.run(ctx, e.Header, func(st State, now time.Time) *transition {
		switch {
		case st.Overdue == e.ID:
			return nil
		case st.Ended != nil:
			return &transition{
				To:   func(st *State) { st.Overdue = e.ID },
				Emit: again(*st.Ended, e.ID),
			}
		case st.Terms == nil && st.Lease == nil:
			t := s.ending(st, event.ByHardStop, reason.OfNoRequest.Say(), now)
			return &t
		default:
			return nil
		}
	})
}
