package reaper

import (
	"context"
	"errors"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// OnExtended moves the end of a lease, if it has not come: with a warrant, never
// past end_by, and by stops of a new generation. One that comes too late loses.
func (s *Service) OnExtended(ctx context.Context, e event.Typed[event.Extended]) error {
	w, err := s.verifier.Extension(e.Data.Warrant, e.RequestID)
	if err != nil && !errors.Is(err, warrant.ErrLate) {
		return s.refuse(ctx, e.Header, e.Data.EventType(), err)
	}
	late := err != nil
	return s.run(ctx, e.Header, func(st State, now time.Time) *transition {
		cause, _ := st.over(now)
		if late || st.Ended != nil || cause != "" || st.Extension >= w.Duration {
			return nil
		}
		return &transition{To: func(st *State) { st.Extension = w.Duration }}
	})
}
