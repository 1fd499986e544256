package notifier

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnApproved shows that the request was approved and is being built.
func (s *Service) OnApproved(ctx context.Context, e event.Typed[event.Approved]) error {
	return s.fold(ctx, e.Header, func(st *State) bool {
		if st.Approved != nil {
			return false
		}
		st.Ask = &e.Data.Ask // as approval has looked it up
		st.Approved = &Approval{By: e.Data.Approvers, Rule: e.Data.Rule, StartBy: e.Data.StartBy, EndBy: e.Data.EndBy}
		return true
	})
}
