package notifier

import (
	"cmp"
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnLapsed shows that nobody decided in time.
func (s *Service) OnLapsed(ctx context.Context, e event.Typed[event.Lapsed]) error {
	return s.fold(ctx, e.Header, func(st *State) bool {
		if st.Lapsed {
			return false
		}
		st.Ask, st.Lapsed = cmp.Or(st.Ask, &e.Data.Ask), true
		return true
	})
}
