package reaper

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/schedule"
	"github.com/powerpole/powerpole/pkg/store"
)

const (
	armClaim = "arm"
	// armFor is how long arming may take.
	armFor = 20 * time.Second
	// maxArms is how often arming is tried before the lease is ended: a lease
	// whose end cannot be armed must not be.
	maxArms = 4
)

// arm puts the stops that are wanted into the scheduler, in a generation of
// their own. A claim that ran out is gone on with: a schedule's name is its key,
// so arming again changes nothing.
func (s *Service) arm(r record, cause event.Header) step {
	last := r.Claim != nil && r.Claim.Attempt+1 >= maxArms
	stops := r.State.wanted(r.ID)
	if r.Claim != nil {
		stops = r.State.newest()
	}
	return store.Act(store.Action[State]{
		Name: armClaim, Resolves: claimed(r), For: armFor,
		Intent: func(st *State) {
			if r.Claim == nil {
				st.Generation = stops[0].Generation
				st.Stops = append(st.Stops, stops...)
			}
		},
		Do: func(ctx context.Context, st State) (transition, error) {
			set, err := s.schedule(ctx, r.ID, stops, cause)
			if err != nil && last && !errors.Is(ctx.Err(), context.Canceled) {
				s.log.ErrorContext(ctx, "ending a lease that cannot be armed", "request", r.ID, "error", err)
				return s.ending(st, event.ByFailure, reason.Unarmed.Say(), s.clock.Now()), nil
			}
			if err != nil {
				return transition{}, err
			}
			s.tidy(ctx, st)
			// Armed lets an account begin, and may not be said of a stop that only
			// a message waits for.
			if stop := set[len(set)-1]; stop.Kind == StartStop && !stop.Set {
				return s.ending(st, event.ByFailure, reason.ArmedTooLate.Say(), s.clock.Now()), nil
			}
			return armed(set), nil
		},
	})
}

// wanted are the next stops of a lease: its end with the warning before it, or
// while there is no account the moment by which there must be one.
func (s State) wanted(id string) []Stop {
	if s.Lease == nil {
		return []Stop{newStop(id, StartStop, s.Generation+1, s.Terms.startLimit())}
	}
	generation := s.Generation + 1
	return []Stop{
		newStop(id, WarnStop, generation, s.warning()),
		newStop(id, EndStop, generation, s.end()),
	}
}

func (s State) newest() []Stop {
	var out []Stop
	for _, stop := range s.Stops {
		if stop.Generation == s.Generation {
			out = append(out, stop)
		}
	}
	return out
}

func newStop(id string, kind StopKind, generation int, at time.Time) Stop {
	return Stop{Kind: kind, Generation: generation, Name: fmt.Sprintf("%s-%s-%d", id, kind, generation), At: at.UTC()}
}

// schedule returns the stops as they are now: set, or too near for that.
func (s *Service) schedule(ctx context.Context, id string, stops []Stop, cause event.Header) ([]Stop, error) {
	out := make([]Stop, len(stops))
	for i, stop := range stops {
		set, err := s.once(ctx, id, stop, cause)
		if err != nil {
			return nil, err
		}
		stop.Set = set
		out[i] = stop
	}
	return out, nil
}

func (s *Service) once(ctx context.Context, id string, stop Stop, cause event.Header) (bool, error) {
	at, ok := s.scheduler.Before(stop.At)
	if !ok {
		return false, nil
	}
	message, err := event.New(event.About{
		Source: event.Reaper, RequestID: id, Discriminator: stop.Name, Cause: cause, At: s.clock.Now(),
	}, stop.message())
	if err != nil {
		return false, err
	}
	err = s.scheduler.Once(ctx, stop.Name, at, message)
	if errors.Is(err, schedule.ErrPast) {
		return false, nil
	}
	return err == nil, err
}

func (s Stop) message() event.Data {
	switch s.Kind {
	case StartStop:
		return event.StartDue{Generation: s.Generation}
	case WarnStop:
		return event.WarningDue{Generation: s.Generation}
	default:
		return event.EndDue{Generation: s.Generation}
	}
}

// armed says that the stops are in the scheduler. The last one is what they are
// for.
func armed(stops []Stop) transition {
	stop := stops[len(stops)-1]
	return transition{
		To: func(st *State) {
			st.ArmedGeneration = stop.Generation
			st.Stops = append(st.Stops[:len(st.Stops)-len(stops):len(st.Stops)-len(stops)], stops...)
		},
		Emit: []store.Emit{{
			Data:          event.Armed{Stop: string(stop.Kind), At: stop.At, Generation: stop.Generation},
			Discriminator: string(stop.Kind) + " " + stamp(stop.At),
		}},
	}
}

// tidy deletes the schedules of older generations. They would be ignored, and
// are deleted again before the receipt, so failing here costs nothing.
func (s *Service) tidy(ctx context.Context, st State) {
	for _, stop := range st.Stops {
		if stop.Generation == st.Generation {
			continue
		}
		if err := s.scheduler.Delete(ctx, stop.Name); err != nil {
			s.log.WarnContext(ctx, "an old schedule stays for now", slog.String("schedule", stop.Name), "error", err)
		}
	}
}

func claimed(r record) string {
	if r.Claim == nil {
		return ""
	}
	return r.Claim.Name
}
