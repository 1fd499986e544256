package grantor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

const (
	// overdueAfter is how long after its end an account may wait for Expired.
	overdueAfter = 2 * time.Minute
	remindEvery  = 24 * time.Hour
)

// visit brings one request forward from its record alone.
func (s *Service) visit(ctx context.Context, id string) error {
	return s.machine(ctx, event.Header{RequestID: id}, s.decideVisit)
}

// decideVisit is decide for a request that nobody has sent a message about: an
// end that never came is asked for, and past the warrant's latest end made.
func (s *Service) decideVisit(r store.Record[State]) store.Step[State] {
	st, now := r.State, s.Clock.Now()
	switch {
	case st.parked():
		return s.visitParked(r, now)
	case st.End != nil || st.Outcome == Revoked || st.Outcome == Failed:
		return s.decide(r, plainName)
	case !st.began():
		return s.decide(r, plainName)
	case now.After(st.Lease.EndBy.Add(warrant.Tolerance)):
		// The third stop: neither reaper nor scheduler is needed for it.
		return s.decideEnd(r, &End{EventID: "sweep", Cause: event.ByHardStop, EndedAt: now})
	case !st.Overdue && !st.ExpiresAt.IsZero() && now.After(st.ExpiresAt.Add(overdueAfter)) && r.Claim == nil:
		return store.Move(store.Transition[State]{
			To: func(st *State) { st.Overdue = true },
			Emit: []store.Emit{{Data: event.Overdue{
				What: "account", Ref: st.Account.Cluster + "/" + st.Account.User + "@" + st.Account.Host.String(), Since: st.ExpiresAt,
			}}},
		})
	}
	return s.decide(r, plainName)
}

// visitParked looks once a day whether a parked account can go, and reminds of
// one that cannot.
func (s *Service) visitParked(r store.Record[State], now time.Time) store.Step[State] {
	if r.Claim == nil && now.Before(r.State.RemindedAt.Add(remindEvery)) {
		return store.Done[State]()
	}
	return store.Act(store.Action[State]{
		Name: actRevoke, Resolves: claimed(r), For: actFor,
		Do: func(ctx context.Context, st State) (store.Transition[State], error) {
			answer, err := s.remove(ctx, r.ID, st)
			if err != nil {
				return store.Transition[State]{}, err
			}
			if answer.Outcome == event.Gone {
				return store.Transition[State]{To: gone}, nil
			}
			return store.Transition[State]{
				To:   func(st *State) { st.RemindedAt = now },
				Emit: []store.Emit{parkedAlarm(answer, now)},
			}, nil
		},
	})
}

// gone gives the name of a parked account back. What the request came to stays
// where Expired is still to be answered.
func gone(st *State) {
	st.Account.Removed = true
	if st.Outcome == Parked {
		st.Outcome = Revoked
	}
}

// parkedAlarm tells of a parked account, once a day.
func parkedAlarm(answer event.Revoked, now time.Time) store.Emit {
	const most = 5
	var names []string
	for _, k := range answer.Kept[:min(len(answer.Kept), most)] {
		names = append(names, fmt.Sprintf("%s %.130s", k.Kind, k.Name))
	}
	if more := len(answer.Kept) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return store.Emit{Discriminator: "account-parked/" + now.Format(time.DateOnly), Data: event.Alarmed{
		Alarm: "account-parked",
		Text:  "The account " + answer.User + " on " + answer.Cluster + " is locked and kept; in its name run: " + strings.Join(names, ", ") + ".",
	}}
}
