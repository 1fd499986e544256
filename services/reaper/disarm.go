package reaper

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

const (
	disarmClaim = "disarm"
	disarmFor   = 20 * time.Second
)

// disarm deletes every schedule of a lease that is over, sees that they are
// gone, and writes the receipt.
func (s *Service) disarm(r record) step {
	return store.Act(store.Action[State]{
		Name: disarmClaim, Resolves: claimed(r), For: disarmFor,
		Do: func(ctx context.Context, st State) (transition, error) {
			n, err := s.clear(ctx, r.ID, st.names())
			if err != nil && st.receiptMissing(s.clock.Now()) {
				s.log.ErrorContext(ctx, "the schedules of a lease that is over stay", "request", r.ID, "error", err)
				return st.alarm(), nil
			}
			if err != nil {
				return transition{}, err
			}
			return reaped(st, n, s.clock.Now()), nil
		},
	})
}

// clear deletes the named schedules, and any other of ours that bears the
// request's name, and returns how many that were once they are seen gone.
func (s *Service) clear(ctx context.Context, id string, names []string) (int, error) {
	gone := map[string]bool{}
	for range 2 {
		for _, name := range names {
			if err := s.scheduler.Delete(ctx, name); err != nil {
				return 0, err
			}
			gone[name] = true
		}
		left, err := s.left(ctx, id)
		if err != nil {
			return 0, err
		}
		if len(left) == 0 {
			return len(gone), nil
		}
		names = left
	}
	return 0, fmt.Errorf("deleting the schedules of %s: %q are still there", id, names)
}

// left lists the reaper's own schedules of a request: approval's bear its name
// too.
func (s *Service) left(ctx context.Context, id string) ([]string, error) {
	all, err := s.scheduler.List(ctx, id+"-")
	if err != nil {
		return nil, err
	}
	var ours []string
	for _, name := range all {
		kind, _, _ := strings.Cut(strings.TrimPrefix(name, id+"-"), "-")
		switch StopKind(kind) {
		case StartStop, WarnStop, EndStop:
			ours = append(ours, name)
		}
	}
	return ours, nil
}

func reaped(st State, schedules int, now time.Time) transition {
	return transition{
		To: func(st *State) { st.Reaped = true },
		Emit: []store.Emit{{Data: event.Reaped{
			Cause: st.Ended.Cause, EndedAt: st.Ended.EndedAt, Reason: st.Ended.Reason, Account: *st.Revoked, Instance: *st.Terminated,
			Schedules: schedules, ReapedAt: now.Truncate(time.Millisecond),
		}}},
	}
}
