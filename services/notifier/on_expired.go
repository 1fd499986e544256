package notifier

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnExpired takes the credentials out of sight and shows that everything is
// being taken down.
func (s *Service) OnExpired(ctx context.Context, e event.Typed[event.Expired]) error {
	return s.fold(ctx, e.Header, func(st *State) bool {
		if st.Expired != nil {
			return false
		}
		st.Expired = &e.Data
		return true
	})
}
