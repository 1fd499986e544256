package reaper

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/reason"
)

// OnProvisionFailed ends a request for which no bastion could be built.
func (s *Service) OnProvisionFailed(ctx context.Context, e event.Typed[event.ProvisionFailed]) error {
	return s.run(ctx, e.Header, s.end(event.ByFailure, e.Data.Reason))
}

// OnGrantFailed ends a request for which no account could be made.
func (s *Service) OnGrantFailed(ctx context.Context, e event.Typed[event.GrantFailed]) error {
	return s.run(ctx, e.Header, s.end(event.ByFailure, e.Data.Reason))
}

// OnInstanceLost ends a lease whose bastion went away by itself.
func (s *Service) OnInstanceLost(ctx context.Context, e event.Typed[event.InstanceLost]) error {
	return s.run(ctx, e.Header, s.end(event.ByLoss, reason.BastionGone.Say()))
}
