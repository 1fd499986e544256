package reaper

import (
	"context"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/reason"
)

// OnGranted starts the lease's clock and arms its exact end. One that comes
// after the end loses: the account is being taken away already. One of a request
// that nobody approved ends it: no account is made before Armed, which is said
// after Approved.
func (s *Service) OnGranted(ctx context.Context, e event.Typed[event.Granted]) error {
	return s.run(ctx, e.Header, func(st State, now time.Time) *transition {
		switch {
		case st.Lease != nil || st.Ended != nil:
			return nil
		case st.Terms == nil:
			return s.end(event.ByHardStop, reason.OfNoRequest.Say())(st, now)
		}
		lease := Lease{GrantedAt: e.Data.GrantedAt.UTC(), ExpiresAt: e.Data.ExpiresAt.UTC()}
		return &transition{To: func(st *State) { st.Lease = &lease }}
	})
}
