package notifier

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnReaped shows the receipt, and tells the cluster's channel.
func (s *Service) OnReaped(ctx context.Context, e event.Typed[event.Reaped]) error {
	return s.fold(ctx, e.Header, func(st *State) bool {
		if st.Receipt != nil {
			return false
		}
		st.Receipt = &e.Data
		return true
	})
}
