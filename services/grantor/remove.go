package grantor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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
	r := removal{
		answer: event.Revoked{
			Outcome: event.Gone, Cluster: cluster.ID, User: st.Account.User, Host: st.Account.Host.String(),
			How: "read back on every instance by an administrator who saw their own account, right and connection; two looks a second apart",
		},
		account: st.account(id),
	}
	err = s.onWriter(ctx, cluster, func(server *mysqlacct.Server) error { return s.end(ctx, cluster, server, st, &r) })
	if err != nil {
		return event.Revoked{}, err
	}
	for _, i := range r.instances {
		look, err := s.see(ctx, cluster, i, r)
		if err != nil {
			return event.Revoked{}, err
		}
		r.answer.Killed += look.Killed
		r.answer.Looks = append(r.answer.Looks, look)
	}
	if err := s.forget(ctx, id); err != nil {
		return event.Revoked{}, err
	}
	r.answer.SecretDeleted, r.answer.SeenAt = true, time.Now().UTC()
	return r.answer, nil
}

// removal is what one attempt has come to.
type removal struct {
	account   mysqlacct.Account
	instances []instance
	answer    event.Revoked
}

// end ends the account on the writer, and reads there what is left and where to
// look.
func (s *Service) end(ctx context.Context, cluster catalog.Cluster, server *mysqlacct.Server, st State, r *removal) error {
	ending, err := server.Revoke(ctx, r.account, st.Account.Lock)
	if err != nil {
		return err
	}
	r.answer.Killed, r.answer.Kept = ending.Killed, nil
	if ending.Parked {
		r.answer.Outcome = event.Parked
		for _, k := range ending.Kept {
			r.answer.Kept = append(r.answer.Kept, event.Kept{Kind: k.Kind, Name: k.Name, TakeOver: k.TakeOver})
		}
	}
	if r.answer.Prepared, err = newlyPrepared(ctx, server, st.Account.Prepared); err != nil {
		return err
	}
	r.instances, err = listInstances(ctx, cluster, server)
	return err
}

// newlyPrepared lists the prepared transactions that were not there when the
// lease began. They are told and never ended by us: whose they are cannot be
// proven.
func newlyPrepared(ctx context.Context, server *mysqlacct.Server, before []string) (out []event.Prepared, err error) {
	now, err := server.Prepared(ctx)
	for _, p := range now {
		if !slices.Contains(before, p.XID) {
			out = append(out, event.Prepared{XID: p.XID, End: p.End})
		}
	}
	return out[:min(len(out), mostPrepared)], err
}

// mostPrepared bounds what is kept and told of prepared transactions.
const mostPrepared = 50

func (s *Service) see(ctx context.Context, cluster catalog.Cluster, i instance, r removal) (event.InstanceLook, error) {
	server, err := s.connectTo(ctx, cluster, i.endpoint)
	if err != nil {
		return event.InstanceLook{}, err
	}
	defer server.Close()
	if err := i.is(server); err != nil {
		return event.InstanceLook{}, err
	}
	look, err := server.See(ctx, r.account, r.answer.Outcome == event.Parked)
	if err != nil {
		return event.InstanceLook{}, err
	}
	account := "gone"
	if !look.Gone {
		account = "locked"
	}
	return event.InstanceLook{
		Instance: look.Instance, Account: account, Killed: look.Killed, Sessions: look.Sessions, SeenAt: look.SeenAt,
	}, nil
}

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
