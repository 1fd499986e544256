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
	if err := s.lockAll(ctx, all); err != nil {
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
	var grantees []string
	for _, a := range accounts {
		grantees = append(grantees, a.grantee())
	}
	return s.exec(ctx, "locking the account", "ALTER USER IF EXISTS "+strings.Join(grantees, ", ")+" ACCOUNT LOCK")
}

// lockAll locks all in one statement, and each alone where the server refuses
// that for one of them.
func (s *Server) lockAll(ctx context.Context, all []*Removal) error {
	var accounts []Account
	for _, r := range all {
		accounts = append(accounts, r.Account)
	}
	err := s.lock(ctx, accounts...)
	if _, said := errors.AsType[*ServerError](err); !said || IsReadOnly(err) || len(all) == 1 {
		return err
	}
	for _, r := range all {
		if err := alone(s.lock(ctx, r.Account), r); err != nil {
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

func (s *Server) tryLocks(ctx context.Context, all []*Removal) (free, held []*Removal, err error) {
	for _, r := range all {
		err := s.takeLock(ctx, r.Lock, 0)
		switch {
		case errors.Is(err, errLockHeld):
			held = append(held, r)
		case err != nil:
			return nil, nil, err
		default:
			free = append(free, r)
		}
	}
	return free, held, nil
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
	for _, r := range going(there) {
		if err := alone(s.drop(ctx, r, kept[r.Account.String()]), r); err != nil {
			return err
		}
	}
	return nil
}

func users(all []*Removal) (out []string) {
	for _, r := range all {
		out = append(out, r.Account.User)
	}
	return out
}

func (s *Server) drop(ctx context.Context, r *Removal, kept []Kept) error {
	a := r.Account
	if len(kept) == 0 {
		err := s.exec(ctx, "dropping the account", "DROP USER IF EXISTS "+a.grantee())
		if !is(err, errDefiner) {
			return err
		}
		kept = []Kept{{Kind: "object", Name: "one that PowerPole's administrator may not see", TakeOver: "look for DEFINER = " + a.grantee()}}
	}
	r.Ending.Parked, r.Ending.Kept = true, a.listed(kept)
	return s.park(ctx, a, kept)
}
