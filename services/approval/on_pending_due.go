package approval

import (
	"context"
	"errors"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

// OnPendingDue ends a request that nobody has decided. The scheduler fires
// within the minute, so it may have to wait.
func (s *Service) OnPendingDue(ctx context.Context, e event.Typed[event.PendingDue]) error {
	q, _, err := s.load(ctx, e.RequestID)
	if err != nil {
		return err
	}
	if wait := s.Clock.Until(q.Due()); q.Status == Requested && wait > 0 {
		return bus.Later(wait, errors.New("the pending limit is not reached"))
	}
	return s.follow(ctx, e.Header)
}
