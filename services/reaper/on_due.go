package reaper

import (
	"context"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnStartDue checks whether there is an account by now.
func (s *Service) OnStartDue(ctx context.Context, e event.Typed[event.StartDue]) error {
	return s.run(ctx, e.Header, fired(StartStop, e.Data.Generation))
}

// OnWarningDue checks whether it is time to warn.
func (s *Service) OnWarningDue(ctx context.Context, e event.Typed[event.WarningDue]) error {
	return s.run(ctx, e.Header, fired(WarnStop, e.Data.Generation))
}

// OnEndDue checks whether it is the end.
func (s *Service) OnEndDue(ctx context.Context, e event.Typed[event.EndDue]) error {
	return s.run(ctx, e.Header, fired(EndStop, e.Data.Generation))
}

// fired notes that a stop's schedule has fired, so that its message now waits
// out the rest. One out of its generation is nobody's any more.
func fired(kind StopKind, generation int) fold {
	return func(st State, now time.Time) *transition {
		stop := st.current(kind)
		if stop == nil || stop.Generation != generation || !stop.FiredAt.IsZero() || st.Ended != nil {
			return nil
		}
		return &transition{To: func(st *State) { st.current(kind).FiredAt = now.UTC() }}
	}
}
