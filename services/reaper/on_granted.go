package reaper

import (
	"context"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnGranted starts the lease's clock and arms its exact end. One that comes
// after the end loses: the account is being taken away already.
func (s *Service) OnGranted(ctx context.Context, e event.Typed[event.Granted]) error {
	return s.run(ctx, e.Header, func(st State, _ time.Time) *transition {
		if st.Lease != nil || st.Ended != nil {
			return nil
		}
		lease := Lease{GrantedAt: e.Data.GrantedAt.UTC(), ExpiresAt: e.Data.ExpiresAt.UTC()}
		return &transition{To: func(st *State) { st.Lease = &lease }}
	})
}
