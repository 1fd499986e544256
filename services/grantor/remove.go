package grantor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// remove ends the account and proves it: locked, killed, dropped or parked on
// the writer, seen so with no connection left on every instance, secret deleted
// and seen to be. What is gone already is success, so it runs as often as it
// must.
func (s *Service) remove(ctx context.Context, id string, st State) (event.Revoked, error) {
	cluster, err := s.cluster(st.Account.Cluster)
	if err != nil {
		return event.Revoked{}, err
	}
	e := &ending{Removal: mysqlacct.Removal{Account: st.account(id), Lock: st.Account.Lock, While: ctx.Err}}
	if err := s.endsOn(cluster).do(ctx, e); err != nil {
		return event.Revoked{}, err
	}
	answer := event.Revoked{
		Outcome: event.Gone, Cluster: cluster.ID, User: st.Account.User, Host: st.Account.Host.String(), Killed: e.Ending.Killed,
		How:      "read back on every instance by an administrator who saw their own account, right and connection; nobody was left who had begun to log in before; two looks a second apart",
		Prepared: newlyPrepared(e.prepared, st.Account.Prepared),
	}
	if e.Ending.Parked {
		answer.Outcome = event.Parked
	}
	for _, k := range e.Ending.Kept {
		answer.Kept = append(answer.Kept, event.Kept{Kind: k.Kind, Name: k.Name, TakeOver: k.TakeOver})
	}
	if answer.Looks, err = s.see(ctx, cluster, e); err != nil {
		return event.Revoked{}, err
	}
	for _, look := range answer.Looks {
		answer.Killed += look.Killed
	}
	if err := s.forget(ctx, id); err != nil {
		return event.Revoked{}, err
	}
	answer.SecretDeleted, answer.SeenAt = true, s.Clock.Now()
	return answer, nil
}

// ending is one account's end on its cluster's writer, and what was read there
// of what is left and of where to look.
type ending struct {
	mysqlacct.Removal
	prepared  []mysqlacct.Prepared
	instances []instance
}

// endAll ends accounts on the writer.
func (s *Service) endAll(ctx context.Context, cluster catalog.Cluster, round []*asked[*ending]) {
	var removals []*mysqlacct.Removal
	for _, a := range round {
		removals = append(removals, &a.job.Removal)
	}
	var prepared []mysqlacct.Prepared
	var instances []instance
	err := s.onWriter(ctx, cluster, forEnds, func(server *mysqlacct.Server) (err error) {
		if err := server.Revoke(ctx, removals...); err != nil {
			return err
		}
		if prepared, err = server.Prepared(ctx); err != nil {
			return err
		}
		instances, err = listInstances(ctx, cluster, server)
		return err
	})
	for _, a := range round {
		a.job.prepared, a.job.instances = prepared, instances
		a.done(errors.Join(err, a.job.Err))
	}
}

// newlyPrepared lists the prepared transactions that were not there when the
// lease began. They are told and never ended by us: whose they are cannot be
// proven.
func newlyPrepared(now []mysqlacct.Prepared, before []string) (out []event.Prepared) {
	for _, p := range now {
		if !slices.Contains(before, p.XID) {
			out = append(out, event.Prepared{XID: p.XID, End: p.End})
		}
	}
	return out[:min(len(out), mostPrepared)]
}

// mostPrepared bounds what is kept and told of prepared transactions.
const mostPrepared = 50

// forget deletes the lease's secret and sees that it is gone.
func (s *Service) forget(ctx context.Context, id string) error {
	name := credential.Name(id)
	if err := secret.Remove(ctx, s.Secrets, name); err != nil {
		return err
	}
	_, err := secret.Load(ctx, "secretsmanager:"+name, s.Secrets)
	if errors.Is(err, secret.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for the secret of %s: %w", id, err)
	}
	return fmt.Errorf("looking for the secret of %s: it is still there", id)
}
