package approval

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnSweepDue looks after every request whose log is not closed: what its rows
// still owe is published, what stands still goes on, and one that nobody has
// decided in time lapses though its schedule never fired.
func (s *Service) OnSweepDue(ctx context.Context, e event.Typed[event.SweepDue]) error {
	return s.Sweep.Run(ctx, func(ctx context.Context, id string) error {
		h := e.Header
		h.RequestID = id
		return s.follow(ctx, h)
	})
}
