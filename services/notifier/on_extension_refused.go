package notifier

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnExtensionRefused shows beside the end that an extension came too late for it.
func (s *Service) OnExtensionRefused(ctx context.Context, e event.Typed[event.ExtensionRefused]) error {
	return s.fold(ctx, e.Header, func(st *State) bool {
		if st.TooLate != nil {
			return false
		}
		st.TooLate = &e.Data
		return true
	})
}
