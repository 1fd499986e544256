package grantor

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// OnArmed notes that a stop is in the scheduler, and grants if the bastion is
// ready: no account exists whose end is not already there.
func (s *Service) OnArmed(ctx context.Context, e event.Typed[event.Armed]) error {
	return s.run(ctx, e.Header, func(r store.Record[State]) *store.Transition[State] {
		if r.State.ArmedAt != nil || r.State.End != nil {
			return nil
		}
		return &store.Transition[State]{To: func(st *State) {
			at := e.Data.At.UTC()
			st.ArmedAt = &at
		}}
	})
}
