package mysqlacct

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// lookApart is how far apart the two looks are that must find no connection.
const lookApart = time.Second

// Ending is what Revoke did.
type Ending struct {
	// Killed is how many connections it ended.
	Killed int
	// Parked says that the account was locked for ever and kept, because of what
	// is in Kept.
	Parked bool
	Kept   []Kept
}

// Revoke ends the account on the server that takes account statements: locks it,
// kills its connections, and drops it, or parks it where something runs in its
// name. An account that is gone already is a success. See then proves the end.
func (s *Server) Revoke(ctx context.Context, a Account, lock string) (e Ending, err error) {
	if err := errors.Join(a.check(), checkLock(lock)); err != nil {
		return e, err
	}
	if err := s.mayLook(ctx); err != nil {
		return e, err
	}
	// Locking and killing come before the named lock, so that who holds that
	// cannot hold up the end.
	if err := s.lock(ctx, a); err != nil {
		return e, err
	}
	killed, err := s.killAll(ctx, a.User)
	if e.Killed = len(killed.ids); err != nil {
		return e, err
	}
	if err := s.seizeLock(ctx, lock); err != nil {
		return e, err
	}
	if there, err := s.there(ctx, a); err != nil || !there {
		return e, err
	}
	kept, err := s.definers(ctx, a)
	if err != nil {
		return e, err
	}
	if len(kept) == 0 {
		err := s.exec(ctx, "dropping the account", "DROP USER IF EXISTS "+a.grantee())
		if !is(err, errDefiner) {
			return e, err
		}
		kept = []Kept{{Kind: "object", Name: "one that PowerPole's administrator may not see", TakeOver: "look for DEFINER = " + a.grantee()}}
	}
	e.Parked, e.Kept = true, a.listed(kept)
	return e, s.park(ctx, a, kept)
}

func (s *Server) lock(ctx context.Context, a Account) error {
	return s.exec(ctx, "locking the account", "ALTER USER IF EXISTS "+a.grantee()+" ACCOUNT LOCK")
}

// there reports whether the account exists.
func (s *Server) there(ctx context.Context, a Account) (bool, error) {
	hosts, err := s.hosts(ctx, a.User)
	return slices.Contains(hosts, a.Host.String()), err
}

// See proves on this instance that the account is gone, or locked where it is
// parked, and then kills its connections until two looks a second apart find
// none and nothing of theirs is still being rolled back.
func (s *Server) See(ctx context.Context, a Account, parked bool) (Look, error) {
	look := Look{Instance: s.name}
	if err := a.check(); err != nil {
		return look, err
	}
	if err := s.mayLook(ctx); err != nil {
		return look, err
	}
	there, err := s.there(ctx, a)
	if err != nil {
		return look, err
	}
	if look.Gone = !there; there {
		if err := s.seeLocked(ctx, a, parked); err != nil {
			return look, err
		}
	}
	if look.Killed, err = s.quiet(ctx, a.User); err != nil {
		return look, err
	}
	look.SeenAt = time.Now().UTC()
	return look, nil
}

func (s *Server) seeLocked(ctx context.Context, a Account, parked bool) error {
	if !parked {
		return fmt.Errorf("looking for %s on %s: it is still there", a, s.name)
	}
	row, err := s.one(ctx, "reading back the lock", s.dialect.locked, a.User, a.Host.String())
	if err == nil && row[0] != "Y" {
		err = fmt.Errorf("looking for %s on %s: it is not locked", a, s.name)
	}
	return err
}

// quiet kills until nothing of the user name has been there twice in a row.
func (s *Server) quiet(ctx context.Context, user string) (count int, err error) {
	killed := map[string]bool{}
	for quiet := 0; ; {
		seen, err := s.killAll(ctx, user)
		if err != nil {
			return count, err
		}
		for _, id := range seen.ids {
			if !killed[id] {
				killed[id], count = true, count+1
			}
		}
		undone, err := s.rollingBack(ctx, killed, seen.connected)
		if err != nil {
			return count, err
		}
		if quiet++; len(seen.ids)+undone > 0 {
			quiet = 0
		}
		if quiet == 2 {
			return count, nil
		}
		if err := pause(ctx, lookApart); err != nil {
			return count, fmt.Errorf("waiting for %s: %d connections and %d rollbacks are left: %w", s.name, len(seen.ids), undone, err)
		}
	}
}

// seen is one look at the connections: those of a user name, and all.
type seen struct {
	ids       []string
	connected map[string]bool
}

// connections looks once. A look without its own connection in it is none.
func (s *Server) connections(ctx context.Context, user string) (seen, error) {
	found := seen{connected: map[string]bool{}}
	err := s.query(ctx, "looking at connections", "SHOW FULL PROCESSLIST", func(row []string) {
		found.connected[row[0]] = true
		if row[1] == user {
			found.ids = append(found.ids, row[0])
		}
	})
	if err == nil && !found.connected[fmt.Sprint(s.id)] {
		err = errors.New("looking at connections: our own is not in the answer")
	}
	return found, err
}

// killAll looks once and ends what it saw of the user name.
func (s *Server) killAll(ctx context.Context, user string) (seen, error) {
	found, err := s.connections(ctx, user)
	for _, id := range found.ids {
		if err != nil {
			break
		}
		err = s.kill(ctx, id)
	}
	return found, err
}

// kill ends one connection of this instance; one that is gone already is ended.
//
// Safety: id is a number of SHOW FULL PROCESSLIST, checked.
func (s *Server) kill(ctx context.Context, id string) error {
	for _, r := range id {
		if r < '0' || r > '9' {
			return fmt.Errorf("killing a connection: %.32q is no number", id)
		}
	}
	err := s.exec(ctx, "killing a connection", "KILL "+id)
	if is(err, errKillDenied) {
		byProcedure := s.exec(ctx, "killing a connection by rds_kill", "CALL mysql.rds_kill("+id+")")
		if !is(byProcedure, errNoProcedure, errProcedureDenied) { // there, or allowed, on RDS only
			err = byProcedure
		}
	}
	if is(err, errNoThread) {
		return nil
	}
	return err
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
