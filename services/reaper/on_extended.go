package reaper

import (
	"context"
	"errors"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// OnExtended moves the end of a lease, if it has not come: with a warrant, never
// past end_by, and by stops of a new generation. One that comes too late loses, and
// people are told so.
func (s *Service) OnExtended(ctx context.Context, e event.Typed[event.Extended]) error {
	w, err := s.verifier.Extension(e.Data.Warrant, e.RequestID)
	if err != nil && !errors.Is(err, warrant.ErrLate) {
		return s.refuse(ctx, e.Header, e.Data.EventType(), err)
	}
	late := err != nil
	return s.run(ctx, e.Header, func(st State, now time.Time) *transition {
		cause, _ := st.over(now)
		switch {
		case st.ExtensionRefused, st.Extension >= w.Duration:
			return nil
		case st.Ended != nil:
			return refused(w, st.Ended.EndedAt)
		case cause != "":
			return nil // it is ended first, and then asked again
		case late:
			return refused(w, w.EndBy)
		}
		return &transition{To: func(st *State) { st.Extension = w.Duration }}
	})
}

// refused tells people that an extension came too late. It stays refused,
// whatever comes again.
func refused(w warrant.Warrant, ended time.Time) *transition {
	return &transition{
		To:   func(st *State) { st.ExtensionRefused = true },
		Emit: []store.Emit{{Data: event.ExtensionRefused{Total: event.Duration(w.Duration), EndedAt: ended}}},
	}
}
