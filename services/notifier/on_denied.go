package notifier

import (
	"cmp"
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnDenied shows that a person or a rule said no, and why.
func (s *Service) OnDenied(ctx context.Context, e event.Typed[event.Denied]) error {
	return s.fold(ctx, e.Header, func(st *State) bool {
		if st.Denied != nil {
			return false
		}
		st.Ask = cmp.Or(st.Ask, &e.Data.Ask)
		st.Denied = &Denial{By: e.Data.By, Rule: e.Data.Rule, Reason: e.Data.Reason}
		return true
	})
}
