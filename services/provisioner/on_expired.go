package provisioner

import (
	"context"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnExpired ends what the request has, also one that was never heard of: what
// comes later builds nothing.
func (s *Service) OnExpired(ctx context.Context, e event.Typed[event.Expired]) error {
	return s.run(ctx, e.Header, func(st State, now time.Time) func(*State) {
		if st.Expired != nil && st.Expired.Asked == e.ID {
			return nil
		}
		if st.Expired != nil {
			return func(st *State) {
				again := *st.Expired
				if st.Terminated != nil && again.Asked == "" {
					again.Answered = e.ID // by its own end, before it was asked
				}
				again.Asked = e.ID
				st.Expired = &again
			}
		}
		end := Expiry{SeenAt: now.UTC(), Asked: e.ID, Drain: min(e.Data.Drain.Std(), time.Minute)}
		return func(st *State) { st.Expired = &end }
	})
}
