package approval

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/store"
)

// follow does outside what the log asks for: schedule, message, its edits. It
// can be run again from the log at any time. After an effect it reads the log
// again, so that what is shown is never older than what was decided.
func (s *Service) follow(ctx context.Context, h event.Header) error {
	for range maxRounds {
		q, rows, err := s.load(ctx, h.RequestID)
		if err != nil {
			return err
		}
		if q.Status == "" {
			return s.reopen(ctx, h.RequestID)
		}
		moved, err := s.decideAlone(ctx, h, q, rows)
		if err != nil {
			return err
		}
		if moved {
			continue
		}
		err = s.Machine.Run(ctx, h.RequestID, h, s.next(q, h))
		if _, later := bus.IsLater(err); later {
			return bus.OnRecord(err) // somebody else is at it, or Slack is busy
		}
		if err != nil {
			return err
		}
		done, err := s.rests(ctx, q, len(rows))
		if done || err != nil {
			return err
		}
	}
	return bus.Later(time.Second, fmt.Errorf("the log of %s does not come to rest", h.RequestID))
}

// rests reports whether nothing has happened since the log had n rows. A log
// that is over is closed.
func (s *Service) rests(ctx context.Context, q Request, n int) (bool, error) {
	rows, err := s.Log.Rows(ctx, q.ID)
	if err != nil || len(rows) != n {
		return false, err
	}
	if q.Over() {
		return true, s.Log.Close(ctx, q.ID)
	}
	if q.Status != Requested {
		return true, nil
	}
	r, err := s.Machine.Table().Load(ctx, q.ID)
	return r.State.Unpostable == "", err
}

// decideAlone writes the rows that no person decides: approved by a rule,
// refused because nobody can be asked, lapsed. It reports whether there is a
// new row, its own or another's.
func (s *Service) decideAlone(ctx context.Context, h event.Header, q Request, rows []store.Row[Entry]) (bool, error) {
	if q.Status != Requested {
		return false, nil
	}
	entry, emit, err := s.alone(ctx, q, h)
	if err != nil || entry.Kind == "" {
		return false, err
	}
	err = s.Log.Append(ctx, q.ID, rows, h, entry, emit)
	if err != nil && !errors.Is(err, store.ErrConflict) {
		return false, err
	}
	return true, nil
}

func (s *Service) alone(ctx context.Context, q Request, h event.Header) (Entry, store.Emit, error) {
	entry := Entry{Cause: h.ID, PolicyHash: s.Policy.Hash()}
	r, err := s.Machine.Table().Load(ctx, q.ID)
	switch {
	case err != nil:
		return entry, store.Emit{}, err
	case q.Rule != "":
		entry.Kind, entry.Rules = Approved, []string{q.Rule}
		return s.approval(q, entry, nil)
	case !s.Clock.Now().Before(q.Due()):
		entry.Kind = Lapsed
		return entry, store.Emit{Data: event.Lapsed{Ask: q.Ask, After: q.Pending}}, nil
	case r.State.Unpostable != "":
		entry.Kind, entry.Rules = Denied, []string{ruleUnreachable}
		entry.Text = reason.Unreachable.Say(r.State.Unpostable)
		return entry, store.Emit{Data: event.Denied{Ask: q.Ask, Rule: ruleUnreachable, Reason: entry.Text}}, nil
	default:
		return entry, store.Emit{}, nil
	}
}

// next decides what is to be done outside, from the log and from what was done
// already.
func (s *Service) next(q Request, h event.Header) func(store.Record[State]) store.Step[State] {
	move := func(to func(*State)) store.Step[State] { return store.Move(store.Transition[State]{To: to}) }
	return func(r store.Record[State]) store.Step[State] {
		st := r.State
		shown := st.Message.TS != ""
		switch {
		case r.Claim != nil:
			return s.again(q, h, *r.Claim)
		case st.Heard != nil:
			return move(func(st *State) { st.Heard = nil })
		case q.Over() && st.Slot > 0:
			return move(func(st *State) { st.Slot = 0 })
		case q.Status == Requested && !st.Armed:
			return s.arm(q, h, "")
		case !q.Over() && !shown && st.Unpostable == "":
			return s.post(q, nil)
		case shown && st.Shown < q.Shown:
			return s.edit(q, "")
		case q.Status != Requested && st.Armed && !st.Disarmed:
			return s.disarm(q, "")
		case q.Over() && !st.Over:
			return move(func(st *State) { st.Over = true })
		default:
			return store.Done[State]()
		}
	}
}

// again finishes what somebody had begun.
func (s *Service) again(q Request, h event.Header, c store.Claim) store.Step[State] {
	switch c.Name {
	case doArm:
		return s.arm(q, h, c.Name)
	case doPost:
		return s.post(q, &c)
	case doEdit:
		return s.edit(q, c.Name)
	case doDisarm:
		return s.disarm(q, c.Name)
	default:
		return store.Stop[State](bus.Later(time.Minute, fmt.Errorf("%q was begun by a newer version", c.Name)))
	}
}
