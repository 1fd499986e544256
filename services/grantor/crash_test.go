package grantor_test

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/grantor"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// The faults are numbered by counting what a client writes: a statement that is
// added is cut off without being listed here.

// writesOf counts the writes of an undisturbed grant and of an undisturbed
// revoke after it.
func writesOf(t *testing.T, w *world) (grant, revoke int) {
	t.Helper()
	wire := &faulty{dial: w.db.Target.Dial}
	l := w.over(t, wire.Dial).request(w.person("counted"))
	l.grant()
	grant = wire.arm(0)
	must(t, l.expired(t.Context(), ""))
	return grant, wire.arm(0)
}

func TestACrashAtAnyStatementOfAGrantAndThenAgainEndsTheSame(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) { crashEverywhere(t, w, crashInGrant) })
}

func TestACrashAtAnyStatementOfARevokeAndThenAgainEndsTheSame(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) { crashEverywhere(t, w, crashInRevoke) })
}

func TestACrashAtAnyStatementOfAGrantIsEndedByTheRevoke(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) { crashEverywhere(t, w, crashInGrantThenEnd) })
}

// TestACrashAtAnyStatementOnARealServer runs in real time, because the server
// does, and so all crashes at once.
func TestACrashAtAnyStatementOnARealServer(t *testing.T) {
	t.Parallel()
	for _, db := range realServers {
		for name, crash := range map[string]crash{
			"grant": crashInGrant, "revoke": crashInRevoke, "grant, then end": crashInGrantThenEnd,
		} {
			t.Run(db.Name+" "+name, func(t *testing.T) {
				t.Parallel()
				crashEverywhere(t, newWorld(t, db), crash)
			})
		}
	}
}

// person is an e-mail whose name no other world on the same server uses: each
// has claims of its own.
func (w *world) person(name string) string { return name + w.suffix + "@example.com" }

// crash has a lease meet a crash at the n-th write of its wire.
type crash func(t *testing.T, w *world, wire *faulty, n int)

func crashEverywhere(t *testing.T, w *world, test crash) {
	grant, revoke := writesOf(t, w)
	if grant < 10 || revoke < 10 {
		t.Fatalf("a grant has %d writes and a revoke %d: they are not counted", grant, revoke)
	}
	for _, after := range []bool{false, true} {
		for n := 1; n <= max(grant, revoke); n++ {
			wire := &faulty{dial: w.db.Target.Dial, after: after}
			if !w.db.Real {
				test(t, w.over(t, wire.Dial), wire, n)
				continue
			}
			t.Run(fmt.Sprintf("write %d, after %v", n, after), func(t *testing.T) {
				t.Parallel()
				test(t, w.over(t, wire.Dial), wire, n)
			})
		}
	}
}

// over is the same world with another grantor, which reaches the database that
// way.
func (w *world) over(t *testing.T, dial func(context.Context, string) (net.Conn, error)) *world {
	t.Helper()
	o := w.options
	o.Dial = dial
	service, err := grantor.New(o)
	must(t, err)
	t.Cleanup(service.Close)
	fork := *w
	fork.Service, fork.t = service, t
	return &fork
}

func crashInGrant(t *testing.T, w *world, wire *faulty, n int) {
	l := w.request(w.person("taro"))
	must(t, l.armed(t.Context()))
	wire.arm(n)
	err := l.instanceReady(t.Context())
	if granted := len(of[event.Granted](l)) > 0; granted == (err != nil) {
		t.Fatalf("write %d: error %v and granted %v", n, err, granted)
	}
	wire.arm(0)
	must(t, l.instanceReady(t.Context()))
	only[event.Granted](l)
	if err := l.login(l.ready.PrivateIP.String()); err != nil {
		t.Fatalf("write %d, and again: logging in: %v", n, err)
	}
	must(t, l.expired(t.Context(), ""))
	l.nothingLeft(t, n)
}

func crashInRevoke(t *testing.T, w *world, wire *faulty, n int) {
	l := w.request(w.person("taro"))
	l.grant()
	wire.arm(n)
	err := l.expired(t.Context(), "")
	if revoked := len(of[event.Revoked](l)) > 0; revoked == (err != nil) {
		t.Fatalf("write %d: error %v and revoked %v", n, err, revoked)
	}
	wire.arm(0)
	must(t, l.expired(t.Context(), ""))
	l.nothingLeft(t, n)
}

func crashInGrantThenEnd(t *testing.T, w *world, wire *faulty, n int) {
	l := w.request(w.person("taro"))
	must(t, l.armed(t.Context()))
	wire.arm(n)
	_ = l.instanceReady(t.Context()) // it crashes, or has fewer writes
	wire.arm(0)
	must(t, l.expired(t.Context(), ""))
	l.nothingLeft(t, n)
}

func (l *lease) state(t *testing.T) (st grantor.State, claimed bool) {
	t.Helper()
	r, err := l.w.table.Load(t.Context(), l.id)
	must(t, err)
	return r.State, r.Claim != nil
}

// nothingLeft checks that the lease was answered once and left nothing.
func (l *lease) nothingLeft(t *testing.T, n int) {
	t.Helper()
	only[event.Revoked](l)
	st, claimed := l.state(t)
	if st.Outcome != grantor.Revoked || claimed {
		t.Fatalf("write %d: the record is %q, claimed %v", n, st.Outcome, claimed)
	}
	if _, ok := l.credential(); ok {
		t.Fatalf("write %d: the secret is left", n)
	}
	if st.Account == nil {
		return
	}
	left := accttest.Rows(t, l.w.db.Root(t), "SELECT Host FROM mysql.user WHERE User = '"+st.Account.User+"' AND Host = '"+st.Account.Host.String()+"'")
	if left != 0 {
		t.Fatalf("write %d: the account is left", n)
	}
}
