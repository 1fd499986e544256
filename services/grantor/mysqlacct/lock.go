package mysqlacct

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// errLockHeld means that another connection holds the request's named lock: a
// handler that died and whose statement still runs.
var errLockHeld = errors.New("taking the request's lock: another connection holds it")

// lockWithin is how long a lock is waited for that another connection holds.
const lockWithin = 5 * time.Second

// takeLock takes the named lock that grant and revoke of one request share, so
// that a statement of a dead handler cannot land after what it would undo. It
// is held until Release, or until the connection ends.
//
// Safety: the name is of letters and digits (checkLock).
func (s *Server) takeLock(ctx context.Context, name string) error {
	row, err := s.one(ctx, "taking the request's lock", fmt.Sprintf("SELECT GET_LOCK('%s', %d)", name, int(lockWithin.Seconds())))
	if err != nil {
		return err
	}
	s.locks = true
	if row[0] != "1" {
		return errLockHeld
	}
	return nil
}

// tryLocks takes the locks of removals in one statement and waits for none. held
// are those that another connection holds.
func (s *Server) tryLocks(ctx context.Context, all []*Removal) (free, held []*Removal, err error) {
	if len(all) == 0 {
		return nil, nil, nil
	}
	var locks []string
	for _, r := range all {
		locks = append(locks, "GET_LOCK('"+r.Lock+"', 0)")
	}
	row, err := s.one(ctx, "taking the requests' locks", "SELECT "+strings.Join(locks, ", "))
	if err != nil {
		return nil, nil, err
	}
	s.locks = true
	for i, r := range all {
		if row[i] == "1" {
			free = append(free, r)
		} else {
			held = append(held, r)
		}
	}
	return free, held, nil
}

// seizeLock takes the lock, from whoever holds it if need be: that is a dead
// handler's connection or a hostile one.
func (s *Server) seizeLock(ctx context.Context, name string) error {
	err := s.takeLock(ctx, name)
	if !errors.Is(err, errLockHeld) {
		return err
	}
	row, err := s.one(ctx, "looking who holds the request's lock", "SELECT COALESCE(IS_USED_LOCK('"+name+"'), 0)")
	if err != nil {
		return err
	}
	if row[0] == fmt.Sprint(s.id) {
		return errors.New("taking the request's lock: it is ours and was not given")
	}
	if row[0] != "0" {
		if err := s.kill(ctx, row[0]); err != nil {
			return err
		}
	}
	return s.takeLock(ctx, name)
}

// Release gives back the named locks that this connection holds, so that somebody
// else may use it.
func (s *Server) Release(ctx context.Context) error {
	if !s.locks {
		return nil
	}
	_, err := s.one(ctx, "giving back the request's lock", "SELECT RELEASE_ALL_LOCKS()")
	s.locks = err != nil
	return err
}
