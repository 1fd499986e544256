package grantor_test

import (
	"context"
	"errors"
	"net"
	"sync"
)

// faulty is a way to the database that goes dead at the n-th write of a client,
// over all connections: before it is sent, or after.
type faulty struct {
	dial  func(context.Context, string) (net.Conn, error)
	mu    sync.Mutex
	count int
	at    int // 0 for never
	after bool
	dead  bool
}

var errDead = errors.New("the wire is dead")

// arm heals the wire and has it go dead at the n-th write from now, 0 for never.
// It returns how many writes there were since.
func (f *faulty) arm(n int) (writes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	writes, f.count, f.at, f.dead = f.count, 0, n, false
	return writes
}

func (f *faulty) Dial(ctx context.Context, address string) (net.Conn, error) {
	f.mu.Lock()
	dead := f.dead
	f.mu.Unlock()
	if dead {
		return nil, errDead
	}
	c, err := f.dial(ctx, address)
	if err != nil {
		return nil, err
	}
	return &faultyConn{c, f}, nil
}

type faultyConn struct {
	net.Conn
	f *faulty
}

func (c *faultyConn) Write(p []byte) (int, error) {
	c.f.mu.Lock()
	c.f.count++
	if c.f.count == c.f.at {
		c.f.dead = true
	}
	dead, after := c.f.dead, c.f.after && c.f.count == c.f.at
	c.f.mu.Unlock()
	if dead && !after {
		_ = c.Conn.Close()
		return 0, errDead
	}
	n, err := c.Conn.Write(p)
	if after {
		_ = c.Conn.Close()
		return n, errDead
	}
	return n, err
}

type dial = func(context.Context, string) (net.Conn, error)

// only3306 leads to one server by its port and to another by every other.
func only3306(one, other dial) dial {
	return func(ctx context.Context, address string) (net.Conn, error) {
		if _, port, err := net.SplitHostPort(address); err == nil && port == "3306" {
			return one(ctx, address)
		}
		return other(ctx, address)
	}
}
