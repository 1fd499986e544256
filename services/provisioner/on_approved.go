package provisioner

import (
	"context"
	"errors"
	"time"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// OnApproved builds the bastion, if the warrant is genuine, not late, still
// allowed by the catalog, and its request has not ended before.
func (s *Service) OnApproved(ctx context.Context, e event.Typed[event.Approved]) error {
	w, err := s.verifier.Warrant(e.Data.Warrant, e.RequestID)
	if err != nil && !errors.Is(err, warrant.ErrLate) {
		return s.refuse(ctx, e.Header, e.Data.EventType(), err)
	}
	order := s.order(w, e.Data.Warrant)
	return s.run(ctx, e.Header, func(st State, _ time.Time) func(*State) {
		if st.Order != nil {
			return nil
		}
		return func(st *State) { st.Order = &order }
	})
}

// order takes from the warrant what a bastion is built from: what approval
// signed, not what the event says beside it.
func (s *Service) order(w warrant.Warrant, token string) Order {
	cluster, _ := s.catalog.Cluster(w.Cluster)
	return Order{
		Cluster: w.Cluster, Region: cluster.Region, Owner: w.Owner.User, StartBy: w.StartBy.UTC(), EndBy: w.EndBy.UTC(),
		Refused: s.refused(w), Warrant: token,
	}
}

func (s *Service) refused(w warrant.Warrant) string {
	var texts []string
	for _, r := range s.catalog.Check(catalog.Ask{
		Cluster: w.Cluster, Databases: w.Databases, Tables: w.Tables, Role: w.Role, Privileges: w.Privileges, Duration: w.Duration,
	}) {
		texts = append(texts, r.Text)
	}
	return reason.Join(texts)
}
