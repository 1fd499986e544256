package notifier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// fold takes what was heard into the request's record, and shows the record.
// change reports whether it changed anything that people see; it must be able to
// run again, and assign to the state and never into what its fields point to.
func (s *Service) fold(ctx context.Context, h event.Header, change func(*State) bool) error {
	return s.run(ctx, h, func(st *State) bool {
		if !change(st) {
			return false
		}
		st.Rev++
		return true
	})
}

// run takes a change into the record and brings what is owed to people forward.
func (s *Service) run(ctx context.Context, h event.Header, change func(*State) bool) error {
	return patiently(ctx, s.Requests, h, func(r store.Record[State]) store.Step[State] {
		if r.Claim != nil {
			return s.again(r, *r.Claim, func(st *State) { change(st) })
		}
		if probe := r.State; change(&probe) {
			return store.Move(store.Transition[State]{To: func(st *State) { change(st) }})
		}
		return s.next(r)
	})
}

// patience is how long a handler waits for another that is just editing the same
// message, before it comes back later: an edit takes some 100 ms, and a claim's
// end is far away.
const patience = 5 * time.Second

// patiently runs the machine, and waits for a claim of somebody else's.
func patiently[T store.State](ctx context.Context, m *store.Machine[T], h event.Header, decide func(store.Record[T]) store.Step[T]) error {
	until := time.Now().Add(patience)
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 500*time.Millisecond) {
		err := m.Run(ctx, h.RequestID, h, decide)
		if _, later := bus.IsLater(err); !later || time.Now().After(until) {
			return err
		}
		r, loading := m.Table().Load(ctx, h.RequestID)
		if loading != nil || r.Claim != nil && !time.Now().Before(r.Claim.Until) {
			return errors.Join(err, loading) // what failed, comes back
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// next decides what people are to be told next.
func (s *Service) next(r store.Record[State]) store.Step[State] {
	st := r.State
	reachable := st.Phase() != Unheard && st.Undeliverable == ""
	switch {
	case len(st.Answers) > 0:
		return s.answer(r, "", nil)
	case reachable && st.DM.TS == "":
		return s.begin(r, "", nil)
	case reachable && st.Shown < st.Rev:
		return s.edit(r, "", nil)
	case st.Phase() == Ended && !st.LineDone:
		return s.line(r, nil, nil)
	default:
		return store.Done[State]()
	}
}

// again finishes what somebody had begun. What was heard goes on record with the
// claim, before the effect: while Slack fails, its message is left to the sweep.
func (s *Service) again(r store.Record[State], c store.Claim, heard func(*State)) store.Step[State] {
	switch c.Name {
	case doAnswer:
		return s.answer(r, c.Name, heard)
	case doBegin:
		return s.begin(r, c.Name, heard)
	case doEdit:
		return s.edit(r, c.Name, heard)
	case doLine:
		return s.line(r, &c, heard)
	default:
		return store.Stop[State](bus.Later(time.Minute, fmt.Errorf("%q was begun by a newer version", c.Name)))
	}
}
