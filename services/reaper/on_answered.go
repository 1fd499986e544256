package reaper

import (
	"context"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnRevoked keeps the grantor's answer to Expired. The first one counts.
func (s *Service) OnRevoked(ctx context.Context, e event.Typed[event.Revoked]) error {
	return s.run(ctx, e.Header, func(st State, _ time.Time) *transition {
		if st.Revoked != nil {
			return nil
		}
		return &transition{To: func(st *State) { st.Revoked = &e.Data }}
	})
}

// OnInstanceTerminated keeps the provisioner's answer to Expired. The first one
// counts.
func (s *Service) OnInstanceTerminated(ctx context.Context, e event.Typed[event.InstanceTerminated]) error {
	return s.run(ctx, e.Header, func(st State, _ time.Time) *transition {
		if st.Terminated != nil {
			return nil
		}
		return &transition{To: func(st *State) { st.Terminated = &e.Data }}
	})
}
