package mysqlacct

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Lock stops new connections of the account; those that are open go on.
func (s *Server) Lock(ctx context.Context, a Account) error {
	if err := a.check(); err != nil {
		return err
	}
	return s.lock(ctx, a)
}

// Drain ends the account's connections that have no transaction which began
// before it was locked, so long ago. It returns how many have one and were left.
func (s *Server) Drain(ctx context.Context, a Account, locked time.Duration) (left int, err error) {
	if err := errors.Join(a.check(), s.mayLook(ctx)); err != nil {
		return 0, err
	}
	working, err := s.begunBefore(ctx, locked)
	if err != nil {
		return 0, err
	}
	found, err := s.connections(ctx)
	for _, id := range found.of[a.User] {
		if err != nil {
			break
		}
		if working[id] {
			left++
			continue
		}
		err = s.kill(ctx, id)
	}
	return left, err
}

// begunBefore lists the connections with a transaction that is at least so old.
func (s *Server) begunBefore(ctx context.Context, age time.Duration) (map[string]bool, error) {
	ids := map[string]bool{}
	if s.dialect.embedded {
		return ids, nil // it shows no transactions, and so none is waited for
	}
	// The server's clock on both sides, in the session's time zone.
	statement := fmt.Sprintf("SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX WHERE trx_started <= NOW() - INTERVAL %d SECOND", int(age.Seconds()))
	look := func() error {
		return s.query(ctx, "looking at transactions", statement, func(row []string) { ids[row[0]] = true })
	}
	// InnoDB gives out a copy that may be 0.1 s old (MySQL Reference Manual,
	// Using InnoDB Transaction and Locking Information), so one look may miss
	// what has just begun.
	return ids, errors.Join(look(), pause(ctx, 150*time.Millisecond), look())
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
