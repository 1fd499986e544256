package provisioner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/powerpole/powerpole/pkg/bus"
)

const (
	launchClaim = "launch"
	launchFor   = 25 * time.Second
	// lookFor is how long a launch that may have been made is looked for: EC2
	// is eventually consistent.
	lookFor = 5 * time.Minute
)

// launch makes the call that the input says, claimed with all of it. A claim
// that ran out makes the very same call again: its token makes it the same
// instance.
func (s *Service) launch(r record, in Input) step {
	begin := func(st *State) {
		if last := st.last(); last == nil || last.Input.Token != in.Token {
			st.Launches = append(st.Launches, Launch{Input: in})
		}
		st.last().BegunAt = s.clock.Now()
	}
	return r.act(launchClaim, launchFor, begin, func(ctx context.Context, _ State) (transition, error) {
		return s.runInstances(ctx, in)
	})
}

func (s *Service) runInstances(ctx context.Context, in Input) (transition, error) {
	out, err := s.ec2.RunInstances(ctx, in.run(), inRegion(in.Region), once)
	if err != nil {
		return s.notLaunched(ctx, in, err)
	}
	if len(out.Instances) == 0 {
		return transition{}, fmt.Errorf("launching %s: EC2 answered with no instance", in.Token)
	}
	return made(seen(out.Instances[0], in.Region), s.clock.Now()), nil
}

// once keeps the SDK from repeating a launch by itself: EC2 answers a lack of
// capacity with 500, and the next place of the list is better than that.
func once(o *ec2.Options) { o.RetryMaxAttempts = 1 }

// notLaunched tells what an error means. Only one that says that nothing can
// have been made, confirmed by a look, lets another token be used.
func (s *Service) notLaunched(ctx context.Context, in Input, why error) (transition, error) {
	why = fmt.Errorf("launching %s: %w", in.Token, why)
	capacity := isCapacity(why)
	if !capacity && !isRefusal(why) && code(why) != "IdempotentParameterMismatch" {
		return transition{}, why
	}
	found, err := s.byToken(ctx, in.Region, in.Token)
	switch {
	case err != nil:
		return transition{}, errors.Join(why, err)
	case len(found) > 0:
		return made(found[0], s.clock.Now()), nil
	case capacity:
		s.log.WarnContext(ctx, "no capacity", "request", in.Request, "type", in.InstanceType, "subnet", in.Subnet, "code", code(why))
		return nothing(), nil
	case isRefusal(why):
		s.log.ErrorContext(ctx, "launch refused", "request", in.Request, "code", code(why))
		t := failing("launch-refused", "AWS refused to launch the bastion ("+code(why)+")")
		t.To = both(nothing().To, t.To)
		return t, nil
	default:
		return transition{}, why
	}
}

func made(i instance, now time.Time) transition {
	return transition{To: func(st *State) {
		l := st.last()
		l.Outcome, l.InstanceID, l.Address, l.MadeAt = Made, i.id, i.address, now
	}}
}

func nothing() transition {
	return transition{To: func(st *State) { st.last().Outcome = Nothing }}
}

// find finds out what became of a launch that nobody finished, by its token and
// by the request's tag, until it is found or five minutes have passed.
func (s *Service) find(r record) step {
	return r.act(launchClaim, launchFor, nil, func(ctx context.Context, st State) (transition, error) {
		l := *st.last()
		i, ok, err := s.whatBecameOf(ctx, st, l)
		switch {
		case err != nil:
			return transition{}, err
		case ok:
			return made(i, s.clock.Now()), nil
		case s.clock.Since(l.BegunAt) >= lookFor:
			return nothing(), nil
		}
		return transition{}, bus.Later(pace(s.clock.Since(l.BegunAt)), fmt.Errorf("launch %s may still show", l.Input.Token))
	})
}

func (s *Service) whatBecameOf(ctx context.Context, st State, l Launch) (instance, bool, error) {
	found, err := s.byToken(ctx, l.Input.Region, l.Input.Token)
	if err != nil {
		return instance{}, false, err
	}
	tagged, err := s.byTag(ctx, l.Input.Region, l.Input.Request)
	for _, i := range append(found, tagged...) {
		if !st.knows(i.id) {
			return i, true, nil
		}
	}
	return instance{}, false, err
}

// pace is how long to wait before looking again at something that has been
// waited for so long: a second at first, a twentieth of it later. An hour takes
// about 130 looks, which is within the queue's receive limit.
func pace(waited time.Duration) time.Duration {
	return min(max(waited/20, time.Second), time.Minute)
}
