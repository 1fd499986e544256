package grantor

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// choose looks at the world before anything is made: EC2 itself must say that
// the bastion is this request's and has this address, and the server must not
// know the account's name. What it records claims the name.
func (s *Service) choose(ctx context.Context, id string, st State, how naming) (store.Transition[State], error) {
	wrong, err := s.wrongInstance(ctx, id, *st.Ready)
	if err != nil {
		return store.Transition[State]{}, err
	}
	if wrong != "" {
		t := failure(event.GrantFailed{Code: "instance", Reason: reason.WrongBastion.Say(wrong)})
		t.Emit = append(t.Emit, store.Emit{Discriminator: "instance-mismatch", Data: event.Alarmed{
			Alarm: "instance-mismatch", Text: "An InstanceReady names an instance that EC2 says is another's: " + wrong + ".",
		}})
		return t, nil
	}
	cluster, err := s.cluster(st.Lease.Cluster)
	if err != nil {
		return store.Transition[State]{}, err
	}
	account := &Account{Cluster: cluster.ID, Host: st.Ready.PrivateIP, Lock: rand.Text()}
	var prepared []mysqlacct.Prepared
	err = s.session(cluster, cluster.Engine.Writer, forGrants).use(ctx, func(server *mysqlacct.Server) error {
		if account.User, err = s.unknownName(ctx, server, id, st.Lease.Email, how); err != nil {
			return err
		}
		prepared, err = server.Prepared(ctx)
		return err
	})
	if err != nil {
		return refused(err)
	}
	for _, p := range prepared[:min(len(prepared), mostPrepared)] {
		account.Prepared = append(account.Prepared, p.XID)
	}
	return store.Transition[State]{To: func(st *State) { st.Account = account }}, nil
}

// unknownName is a name that the server does not know: the wished one, or that
// with a hash of the request in it.
func (s *Service) unknownName(ctx context.Context, server *mysqlacct.Server, id, email string, how naming) (string, error) {
	wish, plain := mysqlacct.Name(email)
	if plain && how == plainName {
		known, err := server.Knows(ctx, wish)
		if err != nil || !known {
			return wish, err
		}
	}
	name := mysqlacct.Hashed(wish, id)
	known, err := server.Knows(ctx, name)
	if err == nil && known {
		err = &mysqlacct.Refusal{Code: "name", Reason: reason.NameKnown.Say(name)}
	}
	return name, err
}

// refused turns what asking again does not mend into a failed request, where
// nothing has been made yet.
func refused(err error) (store.Transition[State], error) {
	if why, ok := hopeless(err); ok {
		return failure(why), nil
	}
	return store.Transition[State]{}, err
}

// hopeless says what a person is told of an error that trying again does not
// mend.
func hopeless(err error) (event.GrantFailed, bool) {
	if r, ok := errors.AsType[*mysqlacct.Refusal](err); ok {
		return event.GrantFailed{Code: r.Code, Reason: reason.DatabaseRefused.Say(r.Reason)}, true
	}
	if mysqlacct.LacksPlugin(err) {
		return event.GrantFailed{Code: "auth", Reason: reason.NoIAM.Say()}, true
	}
	if mysqlacct.IsHopeless(err) {
		e, _ := errors.AsType[*mysqlacct.ServerError](err)
		return event.GrantFailed{Code: "database", Reason: reason.DatabaseRefused.Say(e.Error())}, true
	}
	return event.GrantFailed{}, false
}
