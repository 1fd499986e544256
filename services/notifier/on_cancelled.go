package notifier

import (
	"cmp"
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnCancelled shows that the request was taken back.
func (s *Service) OnCancelled(ctx context.Context, e event.Typed[event.Cancelled]) error {
	return s.fold(ctx, e.Header, func(st *State) bool {
		if st.Cancelled != nil {
			return false
		}
		st.Ask, st.Cancelled = cmp.Or(st.Ask, &e.Data.Ask), &e.Data.By
		return true
	})
}
