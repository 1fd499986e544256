package grantor

import (
	"context"
	"errors"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

const (
	actDrain = "drain"
	// drainEvery is how far apart two looks of a drain are: each costs a receive
	// of the message.
	drainEvery = 6 * time.Second
)

// Drain is how an end lets transactions finish.
type Drain struct {
	// LockedAt is when new connections had been stopped; zero is not yet.
	LockedAt time.Time `json:"locked_at,omitzero"`
	LookedAt time.Time `json:"looked_at,omitzero"`
	// Done says that no transaction is left that began before.
	Done bool `json:"done,omitempty"`
}

// drainStep is the next step of a drain; ok is false where there is none, or
// its time is over. What is not known to be whole is not drained but ended.
func (s *Service) drainStep(r store.Record[State], end *End) (step store.Step[State], ok bool) {
	d, now := r.State.Drain, s.Clock.Now()
	unfinished := r.State.Outcome != Granted || r.Claim != nil && r.Claim.Name != actDrain
	if end.Drain <= 0 || d.Done || unfinished || now.After(end.EndedAt.Add(end.Drain)) {
		return step, false
	}
	if wait := d.LookedAt.Add(drainEvery).Sub(now); wait > 0 && r.Claim == nil {
		wait = max(min(wait, end.EndedAt.Add(end.Drain).Sub(now)), time.Second)
		return store.Stop[State](bus.Later(wait, errors.New("transactions may finish"))), true
	}
	return store.Act(store.Action[State]{
		Name: actDrain, Resolves: claimed(r), For: actFor,
		Intent: func(st *State) { st.ended(end) },
		Do: func(ctx context.Context, st State) (store.Transition[State], error) {
			next, err := s.drain(ctx, r.ID, st)
			return store.Transition[State]{To: func(st *State) { st.Drain = next }}, err
		},
	}), true
}

// drain locks the account, and then ends on every instance the connections that
// have no transaction from before that.
func (s *Service) drain(ctx context.Context, id string, st State) (Drain, error) {
	cluster, err := s.cluster(st.Account.Cluster)
	if err != nil {
		return Drain{}, err
	}
	d, account := st.Drain, st.account(id)
	var instances []instance
	err = s.onWriter(ctx, cluster, forEnds, func(server *mysqlacct.Server) error {
		if err := server.Lock(ctx, account); err != nil {
			return err
		}
		instances, err = listInstances(ctx, cluster, server)
		return err
	})
	if err != nil {
		return Drain{}, err
	}
	if d.LockedAt.IsZero() {
		d.LockedAt = s.Clock.Now()
	}
	working := 0
	for _, i := range instances {
		err := s.session(cluster, i.endpoint, forEnds).use(ctx, func(server *mysqlacct.Server) error {
			left, err := server.Drain(ctx, account, s.Clock.Since(d.LockedAt))
			working += left
			return err
		})
		if err != nil {
			return Drain{}, err
		}
	}
	d.LookedAt, d.Done = s.Clock.Now(), working == 0
	return d, nil
}
