package mysqlacct

import (
	"context"
	"fmt"
	"time"
)

// lookApart is how far apart the two looks are that must find no connection.
const lookApart = time.Second

// Revoke ends the account on the server that takes account statements: locks it,
// kills its connections, and drops it. An account that is gone already is a
// success. It returns how many connections it ended; See then proves the end.
func (s *Server) Revoke(ctx context.Context, a Account, lock string) (killed int, err error) {
	if err := a.check(); err != nil {
		return 0, err
	}
	if err := checkLock(lock); err != nil {
		return 0, err
	}
	if err := s.mayLook(ctx); err != nil {
		return 0, err
	}
	// Locking and killing come before the named lock, so that who holds that
	// cannot hold up the end.
	if err := s.exec(ctx, "locking the account", "ALTER USER IF EXISTS "+a.grantee()+" ACCOUNT LOCK"); err != nil {
		return 0, err
	}
	if killed, err = s.killAll(ctx, a.User); err != nil {
		return killed, err
	}
	if err := s.seizeLock(ctx, lock); err != nil {
		return killed, err
	}
	return killed, s.exec(ctx, "dropping the account", "DROP USER IF EXISTS "+a.grantee())
}

// See proves on this instance that the account is gone, and then kills its
// connections until two looks a second apart find none.
func (s *Server) See(ctx context.Context, a Account) (Look, error) {
	look := Look{Instance: s.name}
	if err := a.check(); err != nil {
		return look, err
	}
	if err := s.mayLook(ctx); err != nil {
		return look, err
	}
	hosts, err := s.hosts(ctx, a.User)
	if err != nil {
		return look, err
	}
	for _, h := range hosts {
		if h == a.Host.String() {
			return look, fmt.Errorf("looking for %s on %s: it is still there", a, s.name)
		}
	}
	look.Gone = true
	for quiet := 0; quiet < 2; {
		killed, err := s.killAll(ctx, a.User)
		if err != nil {
			return look, err
		}
		look.Killed += killed
		if quiet++; killed > 0 {
			quiet = 0
		}
		if quiet < 2 {
			if err := pause(ctx, lookApart); err != nil {
				return look, err
			}
		}
	}
	look.SeenAt = time.Now().UTC()
	return look, nil
}

// killAll looks at the connections of the user name once and ends them; it
// returns how many it saw. A look without its own connection in it is none.
func (s *Server) killAll(ctx context.Context, user string) (seen int, err error) {
	own, ids := false, []string{}
	err = s.query(ctx, "looking at connections", "SHOW FULL PROCESSLIST", func(row []string) {
		own = own || row[0] == fmt.Sprint(s.id)
		if row[1] == user {
			ids = append(ids, row[0])
		}
	})
	if err != nil {
		return 0, err
	}
	if !own {
		return 0, fmt.Errorf("looking at connections: our own is not in the answer")
	}
	for _, id := range ids {
		if err := s.kill(ctx, id); err != nil {
			return len(ids), err
		}
	}
	return len(ids), nil
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
		err = s.exec(ctx, "killing a connection by rds_kill", "CALL mysql.rds_kill("+id+")")
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
