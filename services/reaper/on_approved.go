package reaper

import (
	"context"
	"errors"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// OnApproved opens a lease and arms its first stop: the moment by which there
// must be an account. What ended before it was opened stays ended.
func (s *Service) OnApproved(ctx context.Context, e event.Typed[event.Approved]) error {
	w, err := s.verifier.Warrant(e.Data.Warrant, e.RequestID)
	late := errors.Is(err, warrant.ErrLate)
	if err != nil && !late {
		return s.refuse(ctx, e.Header, e.Data.EventType(), err)
	}
	return s.run(ctx, e.Header, func(st State, now time.Time) *transition {
		switch {
		case st.Terms != nil:
			return nil // what has begun goes on, however late this comes again
		case late:
			return s.end(event.ByFailure, reason.ArmedTooLate.Say())(st, now)
		}
		return &transition{To: func(st *State) {
			st.Terms = &Terms{
				Cluster: w.Cluster, Role: w.Role, Duration: w.Duration, StartBy: w.StartBy.UTC(), EndBy: w.EndBy.UTC(),
			}
		}}
	})
}
