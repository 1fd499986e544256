package provisioner

import (
	"context"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnRevoked lets go of the address and of the instance: no account lives there
// any more. A parked account keeps the address, since it is not gone.
func (s *Service) OnRevoked(ctx context.Context, e event.Typed[event.Revoked]) error {
	return s.run(ctx, e.Header, func(st State, _ time.Time) func(*State) {
		if st.Revoked != "" {
			return nil
		}
		return func(st *State) { st.Revoked = e.Data.Outcome }
	})
}
