package notifier

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnInstanceReady shows the way in; the account follows.
func (s *Service) OnInstanceReady(ctx context.Context, e event.Typed[event.InstanceReady]) error {
	return s.fold(ctx, e.Header, func(st *State) bool {
		if st.Bastion != nil {
			return false
		}
		st.Bastion = &Bastion{InstanceID: e.Data.InstanceID, Region: e.Data.Region, SessionURL: e.Data.SessionURL}
		return true
	})
}
