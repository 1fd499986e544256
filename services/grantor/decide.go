package grantor

import (
	"context"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// The actions that the record claims.
const (
	actGrant  = "grant"
	actUndo   = "undo"
	actRevoke = "revoke"
)

// naming says which name an account is to have.
type naming int

const (
	plainName naming = iota
	hashedName
)

// decide says what a request needs next, from its record alone.
func (s *Service) decide(r store.Record[State], how naming) store.Step[State] {
	st := r.State
	switch {
	case st.End != nil:
		return s.decideEnd(r, st.End)
	case st.Outcome != "" || st.Ready == nil:
		return store.Done[State]()
	}
	if f := s.forbidden(*st.Lease, st.Ready.Region, s.Clock.Now()); f != nil {
		return s.fail(r, *f)
	}
	switch {
	case st.ArmedAt == nil:
		return store.Done[State]()
	case !s.reach.admit(st.Lease.Cluster, r.ID):
		return crowded(st.Lease.Cluster)
	case st.Account == nil:
		return store.Look(func(ctx context.Context, st State) (store.Transition[State], error) {
			return s.choose(ctx, r.ID, st, how)
		})
	}
	return s.grantStep(r)
}

// crowded is the step of a request whose cluster keeps as many handlers busy as
// it may: the others are for the other clusters.
func crowded(cluster string) store.Step[State] {
	return store.Stop[State](bus.Later(10*time.Second, fmt.Errorf("%d handlers are busy with cluster %q", mostInside, cluster)))
}

// forbidden says why nothing may begin any more on a lease, nil if it may.
func (s *Service) forbidden(l Lease, region string, now time.Time) *event.GrantFailed {
	if now.After(l.StartBy.Add(warrant.Tolerance)) {
		return &event.GrantFailed{Code: "late", Reason: reason.StartPassed.Say(l.StartBy.Format(time.RFC3339))}
	}
	refused := s.Catalog.Check(catalog.Ask{
		Cluster: l.Cluster, Databases: l.Databases, Tables: l.Tables, Role: l.Role, Privileges: l.Privileges, Duration: l.Duration,
	})
	if len(refused) > 0 {
		var why []string
		for _, r := range refused {
			why = append(why, r.Text)
		}
		return &event.GrantFailed{Code: "not-allowed", Reason: reason.AccountNotAllowed.Say(reason.Join(why))}
	}
	cluster, _ := s.Catalog.Cluster(l.Cluster)
	if cluster.Region != region {
		return &event.GrantFailed{Code: "instance", Reason: reason.WrongRegion.Say(region, cluster.ID, cluster.Region)}
	}
	return nil
}

// fail gives up. Where something was begun it is undone first.
func (s *Service) fail(r store.Record[State], why event.GrantFailed) store.Step[State] {
	if !r.State.began() && r.Claim == nil {
		return store.Move(failure(why))
	}
	return store.Act(store.Action[State]{
		Name: actUndo, Resolves: claimed(r), For: actFor,
		Do: func(ctx context.Context, st State) (store.Transition[State], error) {
			return s.undo(ctx, r.ID, st, why)
		},
	})
}

// undo ends what a grant began. Where something runs in the account's name
// already the account is parked: it keeps its name, and the sweep looks after
// it until Expired is answered, and after that too.
func (s *Service) undo(ctx context.Context, id string, st State, why event.GrantFailed) (store.Transition[State], error) {
	answer, err := s.remove(ctx, id, st)
	if err != nil {
		return store.Transition[State]{}, err
	}
	if answer.Outcome != event.Parked {
		return failure(why), nil
	}
	why.Reason += " What had been made of the account is locked and kept: something runs in its name."
	return store.Transition[State]{
		To:   func(st *State) { st.Outcome, st.RemindedAt = Failed, answer.SeenAt },
		Emit: []store.Emit{{Data: why}, parkedAlarm(answer, answer.SeenAt)},
	}, nil
}

// failure is the transition to a request that has failed and left nothing.
func failure(why event.GrantFailed) store.Transition[State] {
	return store.Transition[State]{
		To: func(st *State) {
			st.Outcome = Failed
			if st.Account != nil {
				st.Account.Removed = true
			}
		},
		Emit: []store.Emit{{Data: why}},
	}
}

func (s *Service) grantStep(r store.Record[State]) store.Step[State] {
	return store.Act(store.Action[State]{
		Name: actGrant, Resolves: claimed(r), For: actFor,
		Intent: func(st *State) {
			st.GrantedAt = s.Clock.Now().Truncate(time.Millisecond)
			st.ExpiresAt = st.Lease.expires(st.GrantedAt)
		},
		Do: func(ctx context.Context, st State) (store.Transition[State], error) { return s.grant(ctx, r.ID, st) },
	})
}

// claimed is the name of the claim that ran out, "" for none.
func claimed(r store.Record[State]) string {
	if r.Claim == nil {
		return ""
	}
	return r.Claim.Name
}
