package grantor

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// session is an administrator's one connection to one endpoint. Handlers use it
// in turn, and it is kept for a while between them.
type session struct {
	connect func(context.Context) (*mysqlacct.Server, error)
	// idle is how long it is kept without a user, age how long at all: an
	// endpoint may lead to another server by then, and credentials may have been
	// rotated.
	idle, age time.Duration
	// turn holds a token while somebody uses what is below it.
	turn         chan struct{}
	server       *mysqlacct.Server
	opened, used time.Time
	failed       time.Time
	failure      error
	closed       atomic.Bool
}

// use does something over the connection, alone. With an error the connection is
// not used again: who knows what became of it.
func (s *session) use(ctx context.Context, do func(*mysqlacct.Server) error) error {
	since := time.Now()
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("waiting for a database connection: %w", ctx.Err())
	}
	defer s.giveBack()
	if s.failed.After(since) {
		return s.failure // who waits meanwhile need not find out for himself
	}
	if err := s.ready(ctx); err != nil {
		if ctx.Err() == nil {
			s.failed, s.failure = time.Now(), err
		}
		return err
	}
	err := do(s.server)
	if err != nil || s.server.Release(ctx) != nil {
		s.drop()
	}
	s.used = time.Now()
	return err
}

// ready makes sure of a connection: the one that was kept if it is still there,
// or a new one.
func (s *session) ready(ctx context.Context) (err error) {
	if s.server != nil && (time.Since(s.opened) > s.age || s.server.Check(ctx) != nil) {
		s.drop()
	}
	if s.server == nil {
		s.server, err = s.connect(ctx)
		s.opened = time.Now()
	}
	return err
}

// giveBack ends a turn. A connection that nobody uses is not kept for long.
func (s *session) giveBack() {
	kept := s.server != nil
	<-s.turn
	switch {
	case s.closed.Load():
		s.expire(0)
	case kept:
		time.AfterFunc(s.idle, func() { s.expire(s.idle) })
	}
}

// expire closes the connection if nobody has used it for so long.
func (s *session) expire(idle time.Duration) {
	select {
	case s.turn <- struct{}{}:
	default:
		return // in use, and looked at again after that
	}
	if s.server != nil && time.Since(s.used) >= idle {
		s.drop()
	}
	<-s.turn
}

func (s *session) drop() {
	s.server.Close()
	s.server = nil
}

// close keeps no connection from now on.
func (s *session) close() {
	s.closed.Store(true)
	s.expire(0)
}
