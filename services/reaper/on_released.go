package reaper

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnReleased ends a lease because somebody who may said so.
func (s *Service) OnReleased(ctx context.Context, e event.Typed[event.Released]) error {
	return s.run(ctx, e.Header, s.end(event.ByRelease, e.Data.Why))
}
