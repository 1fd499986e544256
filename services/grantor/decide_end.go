package grantor

import (
	"context"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// decideEnd says what the end of a request needs next. The end is the Expired
// that is being handled, or the one on record.
func (s *Service) decideEnd(r store.Record[State], end *End) store.Step[State] {
	switch {
	case r.State.answered():
		return answerAgain(r.State, end)
	case r.Claim == nil && !r.State.began():
		return store.Move(revoked(end, nothingThere(r.State, s.Clock.Now())))
	}
	if st := r.State; st.Account != nil && !s.reach.admit(st.Account.Cluster, r.ID) {
		return crowded(st.Account.Cluster)
	}
	if step, ok := s.drainStep(r, end); ok {
		return step
	}
	return store.Act(store.Action[State]{
		Name: actRevoke, Resolves: claimed(r), For: actFor,
		Intent: func(st *State) { st.ended(end) },
		Do: func(ctx context.Context, st State) (store.Transition[State], error) {
			answer, err := s.remove(ctx, r.ID, st)
			if err != nil {
				return store.Transition[State]{}, s.stuck(ctx, r, err)
			}
			return revoked(end, answer), nil
		},
	})
}

// answerAgain says Revoked once more to a reaper that asks once more, as it does
// when the first answer was lost. The same message delivered again is no
// question.
func answerAgain(st State, end *End) store.Step[State] {
	if st.Answer == nil || st.End == nil || st.End.EventID == end.EventID {
		return store.Done[State]()
	}
	return store.Move(store.Transition[State]{
		To:   func(st *State) { st.End.EventID = end.EventID },
		Emit: []store.Emit{{Data: *st.Answer, Discriminator: end.EventID}},
	})
}

// nothingThere is the answer where no account can be on any server.
func nothingThere(st State, now time.Time) event.Revoked {
	how := "the grantor's record: nothing was begun for this request"
	if st.Account != nil {
		how = "the grantor's record: the account " + st.Account.User + " was undone and seen gone when its grant failed"
	}
	return event.Revoked{Outcome: event.None, SecretDeleted: true, SeenAt: now, How: how}
}

// revoked is the transition to the end, which gives the account's name back
// unless the account is kept.
func revoked(end *End, answer event.Revoked) store.Transition[State] {
	t := store.Transition[State]{
		To: func(st *State) {
			st.ended(end)
			st.Outcome, st.Answer = Revoked, &answer
			if answer.Outcome == event.Parked {
				st.Outcome = Parked
				st.RemindedAt = answer.SeenAt
			} else if st.Account != nil {
				st.Account.Removed = true
			}
		},
		Emit: []store.Emit{{Data: answer}},
	}
	if n := len(answer.Prepared); n > 0 {
		t.Emit = append(t.Emit, store.Emit{Discriminator: "prepared-transaction", Data: event.Alarmed{
			Alarm: "prepared-transaction",
			Text:  fmt.Sprintf("%d prepared transactions were not on %s when the lease of %s began: they hold locks, and somebody can still commit them.", n, answer.Cluster, answer.User),
		}})
	}
	return t
}

func (s *State) ended(end *End) {
	if s.End == nil {
		s.End = end
	}
}

// alarmAfter is how many attempts a revoke has before people are told.
const alarmAfter = 5

// stuck adds an alarm to a revoke that keeps failing. It is tried again for as
// long as it takes; never is it given up.
func (s *Service) stuck(ctx context.Context, r store.Record[State], err error) error {
	if r.Claim == nil || r.Claim.Attempt < alarmAfter {
		return err
	}
	s.Log.ErrorContext(ctx, "a revoke keeps failing", "request", r.ID, "attempt", r.Claim.Attempt+1, "error", err)
	if alarm := s.alarm(ctx, event.Header{RequestID: r.ID}, "revoke-stuck",
		"An account could not be ended yet: its database does not answer or refuses. It is tried again until it is."); alarm != nil {
		s.Log.ErrorContext(ctx, "an alarm could not be published", "request", r.ID, "error", alarm)
	}
	return err
}
