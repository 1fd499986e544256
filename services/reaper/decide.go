package reaper

import (
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

type (
	record     = store.Record[State]
	step       = store.Step[State]
	transition = store.Transition[State]
)

// decide says what is to be done next for a lease, from its record and the time
// alone, so that any message and any sweep may ask.
func (s *Service) decide(r record, now time.Time, cause event.Header) step {
	st := r.State
	if st.Reaped {
		return store.Done[State]()
	}
	if st.Ended != nil {
		if st.Revoked == nil || st.Terminated == nil {
			return store.Done[State]()
		}
		return s.disarm(r)
	}
	if r.Claim != nil {
		return s.arm(r, cause)
	}
	if over, why := st.over(now); over != "" {
		return store.Move(s.ending(st, over, why, now))
	}
	if st.unarmed() {
		return s.arm(r, cause)
	}
	if warn := st.current(WarnStop); warn != nil && !now.Before(warn.due()) && !st.Warned.Equal(st.end()) {
		return store.Move(warning(st.end(), now))
	}
	return st.wait(now)
}

// over says whether the lease has ended by time, "" where not.
func (s State) over(now time.Time) (event.Cause, string) {
	if s.Terms != nil && now.After(s.Terms.EndBy.Add(warrant.Tolerance)) {
		return event.ByHardStop, reason.EndPassed.Say()
	}
	if s.Lease == nil {
		if s.Terms != nil && !now.Before(s.startDue()) {
			return event.ByFailure, reason.AccountLate.Say()
		}
		return "", ""
	}
	end := s.end()
	if stop := s.current(EndStop); stop != nil && stop.At.Equal(end) {
		end = stop.due()
	}
	if !now.Before(end) {
		return event.ByTime, ""
	}
	return "", ""
}

func (s State) startDue() time.Time {
	if stop := s.current(StartStop); stop != nil {
		return stop.due()
	}
	return s.Terms.startLimit()
}

// unarmed reports whether a stop is wanted that is not there.
func (s State) unarmed() bool {
	if s.Lease == nil {
		return s.Terms != nil && s.Generation == 0
	}
	stop := s.current(EndStop)
	return stop == nil || !stop.At.Equal(s.end())
}

// wait ends the run. Where the scheduler wakes nobody for the next moment, the
// message at hand comes back for it.
func (s State) wait(now time.Time) step {
	var next *Stop
	for i, stop := range s.Stops {
		passed := stop.Kind == WarnStop && s.Warned.Equal(s.end())
		if stop.Generation != s.Generation || passed || stop.asleep() {
			continue
		}
		if next == nil || stop.due().Before(next.due()) {
			next = &s.Stops[i]
		}
	}
	if next == nil {
		return store.Done[State]()
	}
	rest := min(next.due().Sub(now), maxWait)
	return store.Stop[State](bus.Later(rest, fmt.Errorf("%s is not yet", next.Name)))
}

func warning(end, now time.Time) transition {
	return transition{
		To: func(st *State) { st.Warned = end },
		Emit: []store.Emit{{
			Data:          event.Expiring{ExpiresAt: end, Left: event.Duration(end.Sub(now).Round(time.Second))},
			Discriminator: stamp(end),
		}},
	}
}

// ending ends a lease: the only place that does.
func (s *Service) ending(st State, cause event.Cause, why string, now time.Time) transition {
	expired := event.Expired{
		Cause: cause, Reason: why, EndedAt: now.UTC().Truncate(time.Millisecond), Drain: s.drain(st),
	}
	return transition{
		To:   func(st *State) { st.Ended = &expired },
		Emit: []store.Emit{{Data: expired}},
	}
}

// drain is how long the role lets sessions finish. Where there was no account
// there is nothing to finish.
func (s *Service) drain(st State) event.Duration {
	if st.Terms == nil || st.Lease == nil {
		return 0
	}
	role, _ := s.catalog.Role(st.Terms.Role)
	return event.Duration(min(max(role.Drain, 0), time.Minute))
}

// stamp tells apart what is said about one moment from what is said about
// another.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// again says an end once more. It is a question of its own, told from the others
// by the discriminator: each owner answers every question once, so that an
// answer that was lost is given again.
func again(expired event.Expired, discriminator string) []store.Emit {
	return []store.Emit{{Data: expired, Discriminator: discriminator}}
}
