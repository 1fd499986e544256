package notifier

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnProvisionFailed shows that there will be no bastion, and why.
func (s *Service) OnProvisionFailed(ctx context.Context, e event.Typed[event.ProvisionFailed]) error {
	return s.failed(ctx, e.Header, e.Data.Reason)
}

// OnGrantFailed shows that there will be no account, and why.
func (s *Service) OnGrantFailed(ctx context.Context, e event.Typed[event.GrantFailed]) error {
	return s.failed(ctx, e.Header, e.Data.Reason)
}

func (s *Service) failed(ctx context.Context, h event.Header, reason string) error {
	return s.fold(ctx, h, func(st *State) bool {
		if st.Failure != "" {
			return false
		}
		st.Failure = reason
		return true
	})
}
