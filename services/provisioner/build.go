package provisioner

import (
	"context"
	"fmt"
	"time"

	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/store"
)

// maxClashes is how many instances in a row may get an address that is still
// taken. More means that the subnet is full of them.
const maxClashes = 5

// build brings a bastion forward until a session can start on it, or until it
// gives up.
func (s *Service) build(r record, now time.Time) step {
	st := r.State
	late := now.After(st.Order.StartBy)
	switch l := st.last(); {
	case r.Claim != nil && r.Claim.Name == launchClaim && late:
		return s.find(r)
	case r.Claim != nil && r.Claim.Name == launchClaim:
		return s.launch(r, l.Input)
	case r.Claim != nil:
		return s.terminate(r, st.clashing())
	case late && l == nil:
		return fail("late", reason.BeginsTooLate.Say())
	case late:
		return fail("timeout", reason.BastionTimeout.Say())
	case l == nil && st.Order.Refused != "":
		return fail("not-allowed", reason.BastionNotAllowed.Say(st.Order.Refused))
	case l == nil || l.Outcome == Nothing || l.Clash:
		return s.next(r)
	case !l.Held:
		return store.Look(s.holdAddress)
	case st.clashing() >= 0:
		return s.terminate(r, st.clashing())
	default:
		return store.Look(s.lookReady)
	}
}

// next launches at the next place of the catalog's list. An instance with a
// taken address is replaced before it is terminated, so that its successor
// cannot be given the same one.
func (s *Service) next(r record) step {
	st := r.State
	cluster, ok := s.catalog.Cluster(st.Order.Cluster)
	if !ok {
		return fail("not-allowed", reason.ClusterGone.Say())
	}
	tried, clashes := 0, 0
	for _, l := range st.Launches {
		if l.Clash {
			clashes++
		} else {
			tried++
		}
	}
	if tried >= len(cluster.Bastion.Capacity) {
		return fail("no-capacity", reason.NoCapacity.Say())
	}
	if clashes >= maxClashes {
		return fail("no-address", reason.NoAddress.Say())
	}
	n := len(st.Launches) + 1
	return s.launch(r, s.newInput(r.ID, n, *st.Order, cluster.Bastion, cluster.Bastion.Capacity[tried]))
}

// clashing is an instance that has been replaced and not yet asked to go, -1
// for none.
func (s State) clashing() int {
	for i, l := range s.Launches {
		if l.Clash && l.AskedAt.IsZero() {
			return i
		}
	}
	return -1
}

// holdAddress takes the new instance's address, or finds that another request's
// account may still live there.
func (s *Service) holdAddress(ctx context.Context, st State) (transition, error) {
	l := *st.last()
	if !l.Address.IsValid() {
		return s.learnAddress(ctx, l)
	}
	owner, err := s.machine.Table().Find(ctx, l.addressPointer())
	if err != nil {
		return transition{}, err
	}
	if owner != "" && owner != l.Input.Request {
		s.log.WarnContext(ctx, "address still taken", "request", l.Input.Request, "address", l.Address, "by", owner)
		return transition{To: func(st *State) { st.last().Clash = true }}, nil
	}
	return transition{To: func(st *State) { st.last().Held = true }}, nil
}

// learnAddress is for a launch that was found again before EC2 showed all of it.
func (s *Service) learnAddress(ctx context.Context, l Launch) (transition, error) {
	i, ok, err := s.byID(ctx, l.Input.Region, l.InstanceID)
	switch {
	case err != nil:
		return transition{}, err
	case ok && i.ended():
		return lostEarly(), nil
	case !ok || !i.address.IsValid():
		return transition{}, bus.Later(pace(s.clock.Since(l.MadeAt)), fmt.Errorf("%s has no address yet", l.InstanceID))
	}
	return transition{To: func(st *State) { st.last().Address = i.address }}, nil
}

// lookReady asks Session Manager whether a session can start: EC2's running is
// not enough (facts: SSM).
func (s *Service) lookReady(ctx context.Context, st State) (transition, error) {
	l := *st.last()
	status, err := s.connection(ctx, l)
	if err != nil {
		return transition{}, err
	}
	if status == ssmtypes.ConnectionStatusConnected {
		return s.ready(st, l)
	}
	i, ok, err := s.byID(ctx, l.Input.Region, l.InstanceID)
	if err != nil {
		return transition{}, err
	}
	if ok && i.ended() {
		return lostEarly(), nil
	}
	return transition{}, bus.Later(pace(s.clock.Since(l.MadeAt)), fmt.Errorf("no session can start on %s yet", l.InstanceID))
}

func (s *Service) ready(st State, l Launch) (transition, error) {
	cluster, ok := s.catalog.Cluster(st.Order.Cluster)
	if !ok {
		return failing("not-allowed", reason.ClusterGone.Say()), nil
	}
	return transition{
		To: func(st *State) { st.Ready = true },
		Emit: []store.Emit{{Data: event.InstanceReady{
			InstanceID: l.InstanceID, PrivateIP: l.Address, Region: l.Input.Region,
			SessionURL: cluster.SessionLink(l.InstanceID), Warrant: st.Order.Warrant,
		}}},
	}, nil
}

func lostEarly() transition {
	return failing("instance-lost", reason.BastionLostEarly.Say())
}

func fail(code, why string) step { return store.Move(failing(code, why)) }

// failing gives up. What was begun is ended by the Expired that follows.
func failing(code, why string) transition {
	return transition{
		To:   func(st *State) { st.Failed = true },
		Emit: []store.Emit{{Data: event.ProvisionFailed{Code: code, Reason: why}}},
	}
}
