package provisioner

import (
	"context"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// OnInstanceStateChanged takes EC2's hint that something may have changed, finds
// whose instance it is, and looks for itself. Most hints are about instances of
// others. Whoever waits looks again by another message, so a hint never does.
func (s *Service) OnInstanceStateChanged(ctx context.Context, e event.Typed[event.InstanceStateChanged]) error {
	id, err := s.machine.Table().Find(ctx, store.Pointer{Kind: instancePointer, Value: e.Data.InstanceID})
	if err != nil || id == "" {
		return err
	}
	err = s.machine.Run(ctx, id, e.Header, func(stored store.Record[State]) step {
		if stored.State.stands() && stored.Claim == nil {
			return store.Look(s.lookLost)
		}
		return s.decide(record{stored, nil}, s.clock.Now())
	})
	if _, waiting := bus.IsLater(err); waiting {
		return nil
	}
	return err
}

// stands reports whether there is a bastion that nobody has asked to go.
func (s State) stands() bool {
	return s.Ready && !s.Lost && s.Expired == nil && s.Terminated == nil
}

// lookLost looks whether a bastion has gone though nobody ended it. Not finding
// it proves nothing.
func (s *Service) lookLost(ctx context.Context, st State) (transition, error) {
	l := *st.last()
	i, ok, err := s.byID(ctx, l.Input.Region, l.InstanceID)
	if err != nil || !ok || !i.ended() {
		return transition{}, err
	}
	return transition{
		To: func(st *State) { st.Lost = true },
		Emit: []store.Emit{{Data: event.InstanceLost{
			InstanceID: l.InstanceID, State: string(i.state), SeenAt: s.clock.Now().Truncate(time.Millisecond),
		}}},
	}, nil
}
