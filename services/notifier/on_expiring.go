package notifier

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnExpiring warns that the end is near. A warning of an end that was moved since
// shows nothing.
func (s *Service) OnExpiring(ctx context.Context, e event.Typed[event.Expiring]) error {
	return s.fold(ctx, e.Header, func(st *State) bool {
		if !e.Data.ExpiresAt.After(st.Warned) {
			return false
		}
		st.Warned = e.Data.ExpiresAt
		return true
	})
}
