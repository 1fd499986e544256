package grantor_test

import (
	"context"
	"strings"
	"testing"
	"time"

	pkgbus "github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/grantor"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

func (w *world) sweep(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	must(t, w.OnSweepDue(ctx, event.Typed[event.SweepDue]{Source: event.Grantor}))
}

func TestTheSweepFinishesAGrantAndARevokeThatACrashLeft(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		wire := &faulty{dial: w.db.Target.Dial}
		w.Service.Dial = wire.Dial
		l := w.request("taro@example.com")
		must(t, l.armed(t.Context()))
		wire.arm(12)
		if err := l.instanceReady(t.Context()); err == nil {
			t.Fatal("there was no crash")
		}
		wire.arm(0)
		w.sweep(t)
		only[event.Granted](l)
		wire.arm(8)
		if err := l.expired(t.Context(), ""); err == nil {
			t.Fatal("there was no crash")
		}
		wire.arm(0)
		w.sweep(t)
		l.nothingLeft(t, 0)
	})
}

func TestAnEndThatNeverCameIsAskedForOnceAndThenMade(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l := w.request("taro@example.com")
		g := l.grant()
		time.Sleep(time.Until(g.ExpiresAt))
		w.sweep(t)
		if n := len(of[event.Overdue](l)); n != 0 {
			t.Errorf("%d Overdue at the end itself", n)
		}
		time.Sleep(3 * time.Minute)
		w.sweep(t)
		w.sweep(t)
		if o := only[event.Overdue](l); o.What != "account" || !strings.Contains(o.Ref, "shop/taro@") || !o.Since.Equal(g.ExpiresAt) {
			t.Errorf("overdue %+v", o)
		}
		time.Sleep(time.Until(l.warrant.EndBy) + 10*time.Minute)
		w.sweep(t)
		l.nothingLeft(t, 0)
		must(t, l.expired(t.Context(), ""))
		if all := of[event.Revoked](l); len(all) != 2 || all[0].User != "taro" {
			t.Errorf("a late Expired was answered with %+v, want the same once more", all)
		}
	})
}

func TestAnAccountThatTheLedgerDoesNotKnowIsReportedOnceADayAndNotTouched(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l := w.request("taro@example.com")
		l.grant()
		host := l.ready.PrivateIP.String()
		_, theirs := w.launchFor("other", event.NewRequestID())
		accttest.Exec(t, w.db.Root(t), "CREATE USER 'stranger'@'"+host+"' IDENTIFIED BY 'x'", "CREATE USER 'app'@'10.99.0.1' IDENTIFIED BY 'x'",
			"CREATE USER 'neighbour'@'"+theirs.String()+"' IDENTIFIED BY 'x'") // from another installation's bastion
		w.sweep(t)
		w.sweep(t)
		told := map[string]string{}
		for _, e := range w.bus.all() {
			if e.Type == "Alarmed" {
				told[e.Detail.ID] = string(e.Detail.Data)
			}
		}
		if len(told) != 1 {
			t.Fatalf("told %v, want one alarm", told)
		}
		for _, text := range told {
			if !strings.Contains(text, "foreign-account") || !strings.Contains(text, "stranger") {
				t.Errorf("told %s", text)
			}
		}
		if w.db.Accounts(t, "stranger") != 1 || w.db.Accounts(t, "taro") != 1 || w.db.Accounts(t, "app") != 1 {
			t.Error("an account was touched")
		}
	})
}

func TestAParkedAccountKeepsItsNameAndGoesWhenNothingNamesIt(t *testing.T) {
	t.Parallel()
	for _, db := range realServers {
		t.Run(db.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, db)
			l := w.request(w.person("parked"))
			g := l.grant()
			root := db.Root(t)
			view := "shop.v" + w.suffix
			accttest.Exec(t, root, "CREATE DEFINER = '"+g.User+"'@'"+g.Host.String()+"' VIEW "+view+" AS SELECT 1")
			t.Cleanup(func() { _, _ = root.ExecContext(context.Background(), "DROP VIEW IF EXISTS "+view) })
			must(t, l.expired(t.Context(), ""))
			r := only[event.Revoked](l)
			if r.Outcome != event.Parked || len(r.Kept) != 1 || r.Looks[0].Account != "locked" || !r.SecretDeleted {
				t.Fatalf("revoked %+v", r)
			}
			if st, _ := l.state(t); st.Outcome != grantor.Parked || len(st.Pointers()) != 1 || !st.Live() {
				t.Errorf("the record is %+v", st)
			}
			if _, ok := l.credential(); ok {
				t.Error("the secret is left")
			}
		})
	}
}

// named makes a trigger that runs in the account's name, as only an
// administrator can on the embedded server, and returns how it goes again.
func (w *world) named(t *testing.T, user, host string) (drop func()) {
	t.Helper()
	root := w.db.Root(t)
	accttest.Exec(t, root, "CREATE DEFINER = '"+user+"'@'"+host+"' TRIGGER shop.kept BEFORE INSERT ON shop.orders FOR EACH ROW SET @a = 1")
	return func() { accttest.Exec(t, root, "DROP TRIGGER shop.kept") }
}

func (w *world) reminders(l *lease) (out []string) {
	for _, a := range of[event.Alarmed](l) {
		if a.Alarm == "account-parked" {
			out = append(out, a.Text)
		}
	}
	return out
}

// goesInTheEnd checks that a parked account is reminded of once a day, and that
// it and its name are given back when nothing names it any more.
func (l *lease) goesInTheEnd(t *testing.T, user string, drop func()) {
	t.Helper()
	w := l.w
	before := len(w.reminders(l))
	w.sweep(t)
	if n := len(w.reminders(l)); n != before {
		t.Errorf("%d reminders on the same day", n-before)
	}
	for day := range 2 {
		time.Sleep(25 * time.Hour)
		w.sweep(t)
		w.sweep(t)
		if all := w.reminders(l); len(all) != before+day+1 || !strings.Contains(all[before+day], "trigger shop.kept") {
			t.Errorf("on day %d the reminders are %q", day+1, all)
		}
	}
	if st, _ := l.state(t); len(st.Pointers()) != 1 || !st.Live() || w.db.Accounts(t, user) != 1 {
		t.Errorf("the account lost its name: %+v", st)
	}
	drop()
	time.Sleep(25 * time.Hour)
	w.sweep(t)
	if st, _ := l.state(t); len(st.Pointers()) != 0 || st.Live() || w.db.Accounts(t, user) != 0 {
		t.Errorf("nothing names the account and it is still there: %+v", st)
	}
}

func TestAParkedAccountIsRemindedOfUntilItCanGo(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l := w.request("taro@example.com")
		g := l.grant()
		drop := w.named(t, g.User, g.Host.String())
		must(t, l.expired(t.Context(), ""))
		if r := only[event.Revoked](l); r.Outcome != event.Parked || len(r.Kept) != 1 {
			t.Fatalf("revoked %+v", r)
		}
		l.goesInTheEnd(t, g.User, drop)
	})
}

// halfGranted leaves an account that a crash left half made, in whose name
// something runs, and a catalog that allows it no longer.
func (w *world) halfGranted(t *testing.T) (l *lease, drop func()) {
	t.Helper()
	wire := &faulty{dial: w.db.Target.Dial}
	w.Service.Dial = wire.Dial
	l = w.request("taro@example.com")
	must(t, l.armed(t.Context()))
	wire.arm(28) // the account is there, and is not open yet
	if err := l.instanceReady(t.Context()); err == nil || w.db.Accounts(t, "taro") != 1 {
		t.Fatalf("there was no crash between account and end: %v", err)
	}
	wire.arm(0)
	drop = w.named(t, "taro", l.ready.PrivateIP.String())
	w.Service.Catalog = readCatalogWith(t, w.db, "roles: [READ, DML]", "roles: [DML]")
	return l, drop
}

func TestAFailedGrantWhoseAccountIsADefinerIsParkedToo(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l, drop := w.halfGranted(t)
		w.sweep(t)
		if f := only[event.GrantFailed](l); f.Code != "not-allowed" || !strings.Contains(f.Reason, "locked and kept") {
			t.Errorf("failed with %+v", f)
		}
		if all := w.reminders(l); len(all) != 1 || !strings.Contains(all[0], "trigger shop.kept") {
			t.Errorf("told %q", all)
		}
		l.goesInTheEnd(t, "taro", drop)
		must(t, l.expired(t.Context(), ""))
		if r := only[event.Revoked](l); r.Outcome != event.None {
			t.Errorf("an end after all that is answered with %+v", r)
		}
	})
}

func TestTheEndOfAFailedGrantListsWhatKeepsItsAccount(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l, drop := w.halfGranted(t)
		w.sweep(t)
		must(t, l.expired(t.Context(), ""))
		r := only[event.Revoked](l)
		if r.Outcome != event.Parked || len(r.Kept) != 1 || r.Kept[0].Name != "shop.kept" || r.Kept[0].TakeOver == "" {
			t.Errorf("revoked %+v", r)
		}
		l.goesInTheEnd(t, "taro", drop)
	})
}

func TestDrainLocksFirstAndLetsATransactionFinish(t *testing.T) {
	t.Parallel()
	for _, db := range realServers {
		t.Run(db.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, db)
			l := w.request(w.person("drained"))
			l.grant()
			c, _ := l.credential()
			conn, err := db.Login(t, c.User, c.Password.Reveal(), l.ready.PrivateIP.String(), "shop").Conn(t.Context())
			must(t, err)
			defer func() { _ = conn.Close() }()
			for _, q := range []string{"BEGIN", "SELECT * FROM orders"} {
				_, err := conn.ExecContext(t.Context(), q)
				must(t, err)
			}
			time.Sleep(1100 * time.Millisecond) // the server's clock of transactions has whole seconds
			expired := typed(l, event.Reaper, event.Expired{Cause: event.ByTime, EndedAt: time.Now().UTC(), Drain: event.Duration(time.Minute)}, "")
			if _, later := pkgbus.IsLater(l.w.OnExpired(t.Context(), expired)); !later {
				t.Fatal("it did not wait for the transaction")
			}
			if err := l.login(l.ready.PrivateIP.String()); err == nil {
				t.Error("a new connection began during the drain")
			}
			_, err = conn.ExecContext(t.Context(), "COMMIT")
			must(t, err)
			expired.Data.EndedAt = time.Now().Add(-time.Minute) // its time is over
			must(t, l.w.OnExpired(t.Context(), expired))
			l.nothingLeft(t, 0)
		})
	}
}
