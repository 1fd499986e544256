package grantor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// remove ends the account and proves it: locked, killed, dropped on the writer,
// seen gone with no connection left on every instance, secret deleted and seen
// to be. What is gone already is success, so it runs as often as it must.
func (s *Service) remove(ctx context.Context, id string, st State) (event.Revoked, error) {
	cluster, err := s.cluster(st.Account.Cluster)
	if err != nil {
		return event.Revoked{}, err
	}
	killed, err := s.drop(ctx, id, cluster, st)
	if err != nil {
		return event.Revoked{}, err
	}
	answer := event.Revoked{
		Outcome: event.Gone, Cluster: cluster.ID, User: st.Account.User, Host: st.Account.Host.String(), Killed: killed,
		How: "read back on every instance by an administrator who saw their own account, right and connection; two looks a second apart",
	}
	for _, endpoint := range cluster.Engine.Instances {
		look, err := s.see(ctx, cluster, endpoint, st.account(id))
		if err != nil {
			return event.Revoked{}, err
		}
		answer.Killed += look.Killed
		answer.Looks = append(answer.Looks, look)
	}
	if err := s.forget(ctx, id); err != nil {
		return event.Revoked{}, err
	}
	answer.SecretDeleted, answer.SeenAt = true, time.Now().UTC()
	return answer, nil
}

func (s *Service) drop(ctx context.Context, id string, cluster catalog.Cluster, st State) (killed int, err error) {
	server, err := s.connectTo(ctx, cluster, cluster.Engine.Writer)
	if err != nil {
		return 0, err
	}
	defer server.Close()
	return server.Revoke(ctx, st.account(id), st.Account.Lock)
}

func (s *Service) see(ctx context.Context, cluster catalog.Cluster, endpoint string, a mysqlacct.Account) (event.InstanceLook, error) {
	server, err := s.connectTo(ctx, cluster, endpoint)
	if err != nil {
		return event.InstanceLook{}, err
	}
	defer server.Close()
	look, err := server.See(ctx, a)
	if err != nil {
		return event.InstanceLook{}, err
	}
	return event.InstanceLook{
		Instance: look.Instance, Account: "gone", Killed: look.Killed, Sessions: look.Sessions, SeenAt: look.SeenAt,
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
