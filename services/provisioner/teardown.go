package provisioner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

const (
	terminateClaim = "terminate"
	terminateFor   = 15 * time.Second
	// revokeWait is how long Revoked is waited for after Expired, so that the
	// address stays taken until the account is gone; waitStep how often a
	// message that waits looks whether it came.
	revokeWait = 5 * time.Minute
	waitStep   = 15 * time.Second
	// askAgain is how long after it was asked for a termination must show.
	askAgain = 30 * time.Second
	// showFor is how long EC2 may not know what it has just made: an instance
	// that is replaced right after its launch is asked for until it shows.
	showFor = time.Minute
	// missingFor is how far apart two looks that find nothing must be to prove
	// anything.
	missingFor = 10 * time.Minute
)

// teardown ends what a request has, whatever it was when its end came, and
// answers once.
func (s *Service) teardown(r record, now time.Time) step {
	st := r.State
	standing := st.standing()
	mayGo := st.Revoked != "" || st.Expired.Own || !now.Before(st.Expired.SeenAt.Add(revokeWait))
	again := !mayGo && !now.Before(st.SessionsAt.Add(waitStep))
	sessions := st.unasked(standing) >= 0 && (st.SessionsAt.IsZero() || again)
	switch {
	case r.claimed() == launchClaim:
		return s.find(r)
	case len(standing) == 0 && r.Claim == nil:
		return s.answer(r)
	case r.claimed() == terminateClaim && !mayGo:
		return s.terminate(r, st.clashing())
	case sessions && now.Before(st.Expired.SeenAt.Add(st.Expired.Drain)):
		return later(st.Expired.SeenAt.Add(st.Expired.Drain).Sub(now), "sessions may drain")
	case sessions && !(mayGo && stuck(r)):
		return s.endSessions(r, standing)
	case !mayGo:
		return later(min(st.Expired.SeenAt.Add(revokeWait).Sub(now), waitStep), "the account is not revoked yet")
	case r.Claim != nil || st.unasked(standing) >= 0:
		return s.terminate(r, st.unasked(standing))
	default:
		return store.Look(s.lookGone)
	}
}

// later ends a run to come back.
func later(d time.Duration, why string) step {
	return store.Stop[State](bus.Later(d, errors.New(why)))
}

// stuck reports whether ending sessions was tried and failed. It must not keep
// the instance alive: terminating that ends them too.
func stuck(r record) bool { return r.claimed() == sessionsClaim && r.Claim.Attempt >= 2 }

// unasked is a standing launch whose termination is not asked for, -1 for none.
func (s State) unasked(standing []int) int {
	for _, i := range standing {
		if s.Launches[i].AskedAt.IsZero() {
			return i
		}
	}
	return -1
}

// terminate asks for the end of one instance: one id a call, since a bad one
// would keep all others alive. It resolves any claim of the teardown; with none
// left to ask it only does that.
func (s *Service) terminate(r record, n int) step {
	return r.act(terminateClaim, terminateFor, nil, func(ctx context.Context, st State) (transition, error) {
		if n < 0 {
			return transition{}, nil
		}
		l := st.Launches[n]
		_, err := s.ec2.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{l.InstanceID}}, inRegion(l.Input.Region))
		young := s.clock.Since(l.MadeAt)
		switch {
		case isNotFound(err) && young < showFor:
			return transition{}, bus.Later(pace(young), fmt.Errorf("%s does not show yet", l.InstanceID))
		case err != nil && !isNotFound(err):
			return transition{}, fmt.Errorf("terminating %s: %w", l.InstanceID, err)
		}
		// Not found is no proof of anything: it is looked at again.
		return transition{To: func(st *State) { st.Launches[n].AskedAt = s.clock.Now() }}, nil
	})
}

// lookGone looks whether the first instance that still stands has gone.
func (s *Service) lookGone(ctx context.Context, st State) (transition, error) {
	n := st.standing()[0]
	l := st.Launches[n]
	i, ok, err := s.byID(ctx, l.Input.Region, l.InstanceID)
	if err != nil {
		return transition{}, err
	}
	now := s.clock.Now()
	switch {
	case !ok:
		return s.missing(ctx, n, l, now)
	case i.state == types.InstanceStateNameTerminated:
		return gone(n, now, "seen terminated"), nil
	case i.state != types.InstanceStateNameShuttingDown && now.Sub(l.AskedAt) >= askAgain:
		return transition{To: func(st *State) { st.Launches[n].AskedAt = time.Time{} }}, nil
	}
	return transition{}, bus.Later(pace(now.Sub(l.AskedAt)), fmt.Errorf("%s is %s", l.InstanceID, i.state))
}

// missing is for an instance that EC2 does not know by its id. That alone
// proves nothing: nothing by id and by tag, twice, ten minutes apart, does.
func (s *Service) missing(ctx context.Context, n int, l Launch, now time.Time) (transition, error) {
	tagged, err := s.byTag(ctx, l.Input.Region, l.Input.Request)
	if err != nil {
		return transition{}, err
	}
	for _, i := range tagged {
		if i.id == l.InstanceID && i.state == types.InstanceStateNameTerminated {
			return gone(n, now, "seen terminated, by tag"), nil
		}
		if i.id == l.InstanceID {
			return transition{}, bus.Later(pace(now.Sub(l.AskedAt)), fmt.Errorf("%s is %s", i.id, i.state))
		}
	}
	if l.MissedAt.IsZero() {
		return transition{To: func(st *State) { st.Launches[n].MissedAt = now }}, nil
	}
	if rest := l.MissedAt.Add(missingFor).Sub(now); rest > 0 {
		return transition{}, bus.Later(min(rest, time.Minute), fmt.Errorf("%s is not to be found", l.InstanceID))
	}
	return gone(n, now, "nothing by id and by tag, twice, ten minutes apart"), nil
}

func gone(n int, at time.Time, how string) transition {
	return transition{To: func(st *State) { st.Launches[n].GoneAt, st.Launches[n].How = at, how }}
}

// answer says that nothing of the request stands any more: once.
func (s *Service) answer(r record) step {
	for i := len(r.State.Launches) - 1; i >= 0; i-- {
		if l := r.State.Launches[i]; l.Outcome == Made {
			return store.Move(answered(event.InstanceTerminated{
				Outcome: event.Gone, InstanceID: l.InstanceID, Sessions: r.State.Sessions, SeenAt: l.GoneAt, How: l.How,
			}))
		}
	}
	return store.Look(func(ctx context.Context, st State) (transition, error) { return s.lookNone(ctx, r.ID, st) })
}

// lookNone looks for what bears the request's tag though no launch made
// anything, also for a request that was never heard of.
func (s *Service) lookNone(ctx context.Context, id string, st State) (transition, error) {
	for _, region := range s.regions(st) {
		tagged, err := s.byTag(ctx, region, id)
		if err != nil {
			return transition{}, err
		}
		if len(tagged) > 0 {
			return adopt(id, tagged, s.clock.Now()), nil
		}
	}
	return answered(event.InstanceTerminated{
		Outcome: event.None, SeenAt: s.clock.Now().Truncate(time.Millisecond),
		How: "no launch on record made an instance, and none bears the request's tag",
	}), nil
}

// adopt takes what bears the request's tag into the record, to be terminated
// like any other.
func adopt(id string, found []instance, now time.Time) transition {
	return transition{To: func(st *State) {
		for _, i := range found {
			st.Launches = append(st.Launches, Launch{
				Input: Input{Request: id, Region: i.region}, Outcome: Made,
				InstanceID: i.id, Address: i.address, MadeAt: now,
			})
		}
	}}
}

func answered(said event.InstanceTerminated) transition {
	return transition{
		To: func(st *State) {
			st.Terminated = &said
			st.settle()
		},
		Emit: []store.Emit{{Data: said}},
	}
}

// answeredAgain says the same to a reaper that asks again.
func answeredAgain(st State) transition {
	return transition{
		To:   (*State).settle,
		Emit: []store.Emit{{Data: *st.Terminated, Discriminator: st.Expired.Asked}},
	}
}

// settle notes that the newest question has been answered.
func (s *State) settle() {
	if s.Expired == nil {
		return
	}
	answered := *s.Expired
	answered.Answered = answered.Asked
	s.Expired = &answered
}

// regions are those in which the request may have something.
func (s *Service) regions(st State) []string {
	if st.Order != nil {
		return []string{st.Order.Region}
	}
	var out []string
	known := map[string]bool{}
	for _, c := range s.catalog.Clusters() {
		if !known[c.Region] {
			known[c.Region] = true
			out = append(out, c.Region)
		}
	}
	return out
}
