package grantor

import (
	"context"
	"errors"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// OnInstanceReady notes the bastion and what its warrant permits, and grants if
// a stop is armed. A warrant that is not genuine moves nothing.
func (s *Service) OnInstanceReady(ctx context.Context, e event.Typed[event.InstanceReady]) error {
	w, err := s.Verifier.Warrant(e.Data.Warrant, e.RequestID)
	if err != nil && !errors.Is(err, warrant.ErrLate) {
		return s.refuse(ctx, e.Header, err)
	}
	return s.run(ctx, e.Header, func(r store.Record[State]) *store.Transition[State] {
		if r.State.Ready != nil || r.State.End != nil {
			return nil
		}
		return &store.Transition[State]{To: func(st *State) {
			st.Ready = &Ready{InstanceID: e.Data.InstanceID, PrivateIP: e.Data.PrivateIP, Region: e.Data.Region}
			st.Lease = leaseOf(w)
		}}
	})
}

// refuse parks an InstanceReady whose warrant is not genuine, once somebody has
// been told: until then it comes back.
func (s *Service) refuse(ctx context.Context, cause event.Header, why error) error {
	err := s.alarm(ctx, cause, "warrant-not-genuine", "An InstanceReady carries a warrant that approval did not sign for this request.")
	if err != nil {
		return err
	}
	return bus.Terminal(why)
}
