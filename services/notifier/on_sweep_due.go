package notifier

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnSweepDue looks after every request that is not told to its end: what its
// record still owes is published, and a message that is behind it is edited.
// What is of no request, as an alarm, waits for its own event.
func (s *Service) OnSweepDue(ctx context.Context, e event.Typed[event.SweepDue]) error {
	return s.Sweep.Run(ctx, func(ctx context.Context, id string) error {
		if event.CheckRequestID(id) != nil {
			return nil
		}
		h := e.Header
		h.RequestID = id
		return s.run(ctx, h, func(*State) bool { return false })
	})
}
