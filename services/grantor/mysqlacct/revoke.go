package mysqlacct

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// Ending is what Revoke did.
type Ending struct {
	// Killed is how many connections it ended.
	Killed int
	// server is which server ended them, ids are their numbers there.
	server string
	ids    map[string]bool
	// Parked says that the account was locked for ever and kept, because of what
	// is in Kept.
	Parked bool
	Kept   []Kept
}

// Removal is the end of one account.
type Removal struct {
	Account Account
	// Lock is the name of the request's lock.
	Lock string
	// While is asked before what cannot be undone; with an error nobody waits for
	// the removal any more, and no more of it is done. Nil is as long as it takes.
	While func() error
	// Ending is what was done. Err says why not all of it, where that concerns
	// this account alone.
	Ending Ending
	Err    error
}

// Revoke ends accounts on the server that takes account statements: locks all,
// kills their connections, and drops each, or parks it where something runs in
// its name. An account that is gone already is a success. Look then proves the
// end. What fails for one account is that Removal's Err; the error is everybody's.
func (s *Server) Revoke(ctx context.Context, all ...*Removal) error {
	for _, r := range all {
		r.Ending, r.Err = Ending{}, errors.Join(r.Account.check(), checkLock(r.Lock))
	}
	all = going(all)
	if len(all) == 0 {
		return nil
	}
	if err := s.mayLook(ctx); err != nil {
		return err
	}
	// Locking and killing come before the named locks, so that who holds one
	// cannot hold up the end.
	if err := together(all, func(some ...*Removal) error { return s.lock(ctx, accounts(some)...) }); err != nil {
		return err
	}
	if err := s.killAll(ctx, all); err != nil {
		return err
	}
	// Nobody waits for a lock that another one's dead handler holds.
	free, held, err := s.tryLocks(ctx, going(all))
	if err != nil {
		return err
	}
	if err := s.dropAll(ctx, free); err != nil {
		return err
	}
	for _, r := range held {
		if err := alone(s.seizeLock(ctx, r.Lock), r); err != nil {
			return err
		}
	}
	return s.dropAll(ctx, going(held))
}

// going are the removals that nothing has stopped.
func going(all []*Removal) (out []*Removal) {
	for _, r := range all {
		if r.Err == nil && r.While != nil {
			r.Err = r.While()
		}
		if r.Err == nil {
			out = append(out, r)
		}
	}
	return out
}

// alone gives what a server says of one account to its removal. Any other error
// is everybody's, and so is that the server takes no account statements.
func alone(err error, r *Removal) error {
	if _, said := errors.AsType[*ServerError](err); said && !IsReadOnly(err) || errors.Is(err, errLockHeld) {
		r.Err = err
		return nil
	}
	return err
}

func (s *Server) lock(ctx context.Context, accounts ...Account) error {
	return s.exec(ctx, "locking the account", "ALTER USER IF EXISTS "+grantees(accounts)+" ACCOUNT LOCK")
}

func grantees(accounts []Account) string {
	var all []string
	for _, a := range accounts {
		all = append(all, a.grantee())
	}
	return strings.Join(all, ", ")
}

// together does something to all accounts by one statement, and to each alone
// where the server refuses that for one of them: MySQL has done it to none then,
// MariaDB to some.
func together(all []*Removal, do func(...*Removal) error) error {
	if len(all) == 0 {
		return nil
	}
	err := do(all...)
	if len(all) == 1 {
		return alone(err, all[0])
	}
	if _, said := errors.AsType[*ServerError](err); !said || IsReadOnly(err) {
		return err
	}
	for _, r := range all {
		if err := alone(do(r), r); err != nil {
			return err
		}
	}
	return nil
}

// killAll looks once and ends what it saw of the accounts' names.
func (s *Server) killAll(ctx context.Context, all []*Removal) error {
	found, err := s.connections(ctx)
	if err != nil {
		return err
	}
	for _, r := range all {
		r.Ending.server, r.Ending.ids = s.identity, map[string]bool{}
		for _, id := range found.of[r.Account.User] {
			if err := alone(s.kill(ctx, id), r); err != nil {
				return err
			}
			r.Ending.Killed++
			r.Ending.ids[id] = true
		}
	}
	return nil
}

// dropAll drops or parks those of the accounts that exist.
func (s *Server) dropAll(ctx context.Context, all []*Removal) error {
	if len(all) == 0 {
		return nil
	}
	hosts, err := s.hosts(ctx, users(all)...)
	if err != nil {
		return err
	}
	var there []*Removal
	for _, r := range all {
		if slices.Contains(hosts[r.Account.User], r.Account.Host.String()) {
			there = append(there, r)
		}
	}
	kept, err := s.definers(ctx, there)
	if err != nil {
		return err
	}
	var free []*Removal
	for _, r := range going(there) {
		objects := kept[r.Account.String()]
		if len(objects) == 0 {
			free = append(free, r)
		} else if err := alone(s.park(ctx, r, objects), r); err != nil {
			return err
		}
	}
	return together(free, func(some ...*Removal) error { return s.drop(ctx, some...) })
}

func accounts(all []*Removal) (out []Account) {
	for _, r := range all {
		out = append(out, r.Account)
	}
	return out
}

func users(all []*Removal) (out []string) {
	for _, r := range all {
		out = append(out, r.Account.User)
	}
	return out
}

// drop drops accounts. One that the server refuses to drop alone is parked.
func (s *Server) drop(ctx context.Context, some ...*Removal) error {
	err := s.exec(ctx, "dropping the account", "DROP USER IF EXISTS "+grantees(accounts(some)))
	if !is(err, errDefiner) || len(some) > 1 {
		return err
	}
	r := some[0]
	return s.park(ctx, r, []Kept{{Kind: "object", Name: "one that PowerPole's administrator may not see", TakeOver: "look for DEFINER = " + r.Account.grantee()}})
}
