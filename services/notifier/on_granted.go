package notifier

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnGranted shows everything that is needed to connect.
func (s *Service) OnGranted(ctx context.Context, e event.Typed[event.Granted]) error {
	return s.fold(ctx, e.Header, func(st *State) bool {
		if st.Lease != nil {
			return false
		}
		st.Lease = &Lease{
			User: e.Data.User, Endpoints: e.Data.Endpoints, Privileges: e.Data.Privileges, Everybody: e.Data.Everybody,
			Auth: e.Data.Auth, TLS: e.Data.TLS, GrantedAt: e.Data.GrantedAt, ExpiresAt: e.Data.ExpiresAt,
		}
		return true
	})
}
