package approval

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnSweepDue looks after every request whose log is not closed: what its rows
// still owe is published, what stands still goes on, and one that nobody has
// decided in time lapses though its schedule never fired. What is of no request
// is about a person.
func (s *Service) OnSweepDue(ctx context.Context, e event.Typed[event.SweepDue]) error {
	return s.Sweep.Run(ctx, func(ctx context.Context, id string) error {
		h := e.Header
		if event.CheckRequestID(id) != nil {
			return s.askAgain(ctx, h, id)
		}
		h.RequestID = id
		return s.follow(ctx, h)
	})
}
