package grantor

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/grant"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// maxConnections is how many connections an account may have at a time.
const maxConnections = 10

// grant makes the account in an order in which a crash anywhere leaves one that
// nobody can use: locked, privileges, read back, secret, password and unlock in
// one. Running it again ends the same, with a new password.
func (s *Service) grant(ctx context.Context, id string, st State) (store.Transition[State], error) {
	cluster, err := s.cluster(st.Account.Cluster)
	if err != nil {
		return store.Transition[State]{}, err
	}
	plan, err := s.plan(id, st, cluster)
	if err != nil {
		return store.Transition[State]{}, err
	}
	prepared, err := s.make(ctx, id, cluster, plan)
	if why, given := hopeless(err); given {
		return s.undo(ctx, id, st, why)
	}
	if err != nil {
		return store.Transition[State]{}, err
	}
	granted, err := grantedEvent(st, cluster, plan, prepared)
	if err != nil {
		return store.Transition[State]{}, err
	}
	return store.Transition[State]{
		To:   func(st *State) { st.Outcome = Granted },
		Emit: []store.Emit{{Data: granted}},
	}, nil
}

func (s *Service) make(ctx context.Context, id string, cluster catalog.Cluster, plan mysqlacct.Plan) (ready mysqlacct.Ready, err error) {
	err = s.onWriter(ctx, cluster, forGrants, func(server *mysqlacct.Server) error {
		if ready, err = server.Prepare(ctx, plan); err != nil {
			return err
		}
		if plan.IAM {
			return server.Open(ctx, plan, secret.String{})
		}
		password := mysqlacct.NewPassword()
		value, err := credential.Credential{User: plan.Account.User, Password: password}.Encode()
		if err != nil {
			return err
		}
		if err := secret.Store(ctx, s.Secrets, credential.Name(id), value, map[string]string{requestTag: id}); err != nil {
			return err
		}
		return server.Open(ctx, plan, password)
	})
	return ready, err
}

func (s *Service) plan(id string, st State, cluster catalog.Cluster) (mysqlacct.Plan, error) {
	scopes, err := grant.Scopes(st.Lease.Databases, st.Lease.Tables, st.Lease.Privileges)
	return mysqlacct.Plan{
		Account: st.account(id), Scopes: scopes, TLS: !cluster.Engine.TLS.Off,
		Connections: maxConnections, Everybody: s.Catalog.Everybody(), Lock: st.Account.Lock,
		IAM: cluster.Engine.Auth == catalog.AuthIAM,
	}, err
}

func (s State) account(id string) mysqlacct.Account {
	return mysqlacct.Account{User: s.Account.User, Host: s.Account.Host, Request: id}
}

func grantedEvent(st State, cluster catalog.Cluster, plan mysqlacct.Plan, prepared mysqlacct.Ready) (event.Granted, error) {
	endpoint, err := endpointFor(cluster, st.Lease.Privileges)
	if err != nil {
		return event.Granted{}, err
	}
	return event.Granted{
		Cluster: cluster.ID, User: st.Account.User, Host: st.Account.Host, Endpoints: []event.Endpoint{endpoint},
		Databases: st.Lease.Databases, Privileges: prepared.Privileges, Everybody: prepared.Everybody,
		Auth: cluster.Engine.Auth, TLS: plan.TLS, GrantedAt: st.GrantedAt, ExpiresAt: st.ExpiresAt,
	}, nil
}

// endpointFor is where the person connects to, by the privileges as they were
// approved.
func endpointFor(cluster catalog.Cluster, privileges []string) (event.Endpoint, error) {
	address := cluster.Endpoint(catalog.Role{Privileges: privileges})
	host, digits, err := net.SplitHostPort(address)
	if err != nil {
		return event.Endpoint{}, fmt.Errorf("reading the endpoint of %q: %w", cluster.ID, err)
	}
	port, err := strconv.Atoi(digits)
	if err != nil {
		return event.Endpoint{}, fmt.Errorf("reading the endpoint of %q: %w", cluster.ID, err)
	}
	kind := "writer"
	if address != cluster.Engine.Writer {
		kind = "reader"
	}
	return event.Endpoint{Kind: kind, Host: host, Port: port}, nil
}
