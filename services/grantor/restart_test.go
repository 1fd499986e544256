package grantor_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// A server's restart is the same for all who are on it, so that one restart
// meets many leases: each is held at another of its writes, and when all are,
// the server is killed. The writes are numbered by counting (crash_test.go).

// TestARestartOfTheServerAtAnyStatementAndThenAgainEndsTheSame kills servers of
// its own with SIGKILL, asks again while they are down, and once more when they
// are up.
func TestARestartOfTheServerAtAnyStatementAndThenAgainEndsTheSame(t *testing.T) {
	t.Parallel()
	servers, stop, err := accttest.OwnServers()
	must(t, err)
	t.Cleanup(stop)
	for _, db := range servers {
		t.Run(db.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, db)
			grant, revoke := writesOf(t, w)
			for _, when := range []held{unsent, unanswered, underWay} {
				restartInGrant(t, w, when, grant)
				restartInRevoke(t, w, when, revoke)
			}
		})
	}
}

// restartInGrant holds grants, and has every second one end without having been
// granted again.
func restartInGrant(t *testing.T, w *world, when held, writes int) {
	leases := w.heldLeases(t, when, "grant", writes, func(l *lease) { must(t, l.armed(t.Context())) })
	ready := func(l *heldLease) error { return l.instanceReady(t.Context()) }
	restart(t, w, leases, ready, func(l *heldLease) bool { return len(of[event.Granted](l.lease)) > 0 })
	inParallel(leases, func(l *heldLease) {
		if l.at%2 == 0 {
			must(t, ready(l))
			only[event.Granted](l.lease)
			if err := l.login(l.ready.PrivateIP.String()); err != nil {
				t.Errorf("%s write %d, and again: logging in: %v", when, l.at, err)
			}
		}
		must(t, l.expired(t.Context(), ""))
		l.nothingLeft(t, l.at)
	})
}

func restartInRevoke(t *testing.T, w *world, when held, writes int) {
	leases := w.heldLeases(t, when, "revoke", writes, func(l *lease) { l.grant() })
	expired := func(l *heldLease) error { return l.expired(t.Context(), "") }
	restart(t, w, leases, expired, func(l *heldLease) bool { return len(of[event.Revoked](l.lease)) > 0 })
	inParallel(leases, func(l *heldLease) {
		must(t, expired(l))
		l.nothingLeft(t, l.at)
	})
}

// restart runs the step of all leases until each is held, kills the server,
// asks again while it is down, and starts it. A step fails unless it is done: a
// connection's last writes only close it.
func restart(t *testing.T, w *world, leases []*heldLease, step func(*heldLease) error, done func(*heldLease) bool) {
	t.Helper()
	check := func(l *heldLease, err error) {
		if done(l) == (err != nil) {
			t.Errorf("%s write %d: done %v, error %v", l.wire.when, l.at, done(l), err)
		}
	}
	var running sync.WaitGroup
	for _, l := range leases {
		running.Go(func() {
			defer l.wire.arrived()
			check(l, step(l))
		})
	}
	for _, l := range leases {
		<-l.wire.held
	}
	atRest := 0
	for _, l := range leases {
		close(l.wire.killing)
		if !l.wire.arm(0) {
			atRest++
		}
	}
	// Whether a login has one write more is the server's to say.
	if atRest > 2 {
		t.Errorf("%d of %d steps were over before their write: they are not counted", atRest, len(leases))
	}
	w.db.Kill()
	for _, l := range leases {
		close(l.wire.killed)
	}
	running.Wait()
	inParallel(leases, func(l *heldLease) { check(l, step(l)) })
	must(t, w.db.Start())
}

func inParallel(leases []*heldLease, do func(*heldLease)) {
	var running sync.WaitGroup
	for _, l := range leases {
		running.Go(func() { do(l) })
	}
	running.Wait()
}

// heldLease is a lease whose wire to the database is held at its at-th write.
type heldLease struct {
	*lease
	wire *holdingWire
	at   int
}

// heldLeases makes a lease for each write, brought by set to where the writes
// begin that are counted.
func (w *world) heldLeases(t *testing.T, when held, what string, writes int, set func(*lease)) (leases []*heldLease) {
	for n := 1; n <= writes; n++ {
		wire := &holdingWire{
			dial: w.db.Target.Dial, when: when,
			held: make(chan struct{}), killing: make(chan struct{}), killed: make(chan struct{}),
		}
		l := w.over(t, wire.Dial).request(w.person(fmt.Sprintf("%s%d%s", what, n, when)))
		leases = append(leases, &heldLease{l, wire, n})
	}
	inParallel(leases, func(l *heldLease) {
		set(l.lease)
		l.wire.arm(l.at)
	})
	return leases
}

// held says how a write meets the end of its server.
type held string

const (
	// unsent is not sent any more.
	unsent held = "unsent"
	// unanswered is sent, and its answer never read.
	unanswered held = "unanswered"
	// underWay is sent at the moment of the kill.
	underWay held = "under-way"
)

// holdingWire is a way to the database that holds the n-th write of its client,
// over all connections, until the server has been killed.
type holdingWire struct {
	dial                  func(context.Context, string) (net.Conn, error)
	when                  held
	held, killing, killed chan struct{}
	once                  sync.Once
	mu                    sync.Mutex
	count, at             int
}

func (h *holdingWire) arrived() { h.once.Do(func() { close(h.held) }) }

// arm has it hold the n-th write from now, 0 for none. It reports whether the
// one before was met.
func (h *holdingWire) arm(n int) (met bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	met = h.count >= h.at
	h.count, h.at = 0, n
	return met
}

func (h *holdingWire) isIt() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count++
	return h.count == h.at
}

func (h *holdingWire) Dial(ctx context.Context, address string) (net.Conn, error) {
	c, err := h.dial(ctx, address)
	return &heldConn{c, h}, err
}

type heldConn struct {
	net.Conn
	h *holdingWire
}

func (c *heldConn) Write(p []byte) (int, error) {
	if !c.h.isIt() {
		return c.Conn.Write(p)
	}
	defer func() { <-c.h.killed }()
	switch c.h.when {
	case unsent:
		c.h.arrived()
		<-c.h.killed
		return 0, errors.New("the server is gone")
	case unanswered:
		defer c.h.arrived()
	case underWay:
		c.h.arrived()
		<-c.h.killing
	}
	return c.Conn.Write(p)
}
