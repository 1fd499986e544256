package mysqlacct_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// onReal runs a test on every real server.
func onReal(t *testing.T, test func(t *testing.T, s *accttest.Server)) {
	t.Parallel()
	for _, s := range servers {
		if s.Real {
			t.Run(s.Name, func(t *testing.T) { t.Parallel(); test(t, s) })
		}
	}
}

// custom is a plan for an account that may create what outlives it.
func custom(user string) mysqlacct.Plan {
	p := read(user)
	p.Scopes = []mysqlacct.Scope{{Database: "definers", Privileges: []string{
		"SELECT", "SHOW VIEW", "INSERT", "CREATE VIEW", "TRIGGER", "CREATE ROUTINE", "ALTER ROUTINE", "EXECUTE", "EVENT",
	}}}
	return p
}

func TestAnAccountThatIsADefinerIsParkedAndWhatRunsInItsNameGoesOn(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		p := custom("definer")
		_, password := grant(t, s, p)
		person := s.Login(t, p.Account.User, password.Reveal(), here, "definers")
		accttest.Exec(t, person, "CREATE VIEW v AS SELECT id FROM t", "CREATE PROCEDURE pr() SELECT COUNT(*) FROM t",
			"CREATE EVENT ev ON SCHEDULE EVERY 1 HOUR DO INSERT INTO t VALUES (77)", "CREATE FUNCTION fu() RETURNS INT DETERMINISTIC RETURN 1",
			"CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @x = 1")
		ending, look := revoke(t, s, p)
		if !ending.Parked || look.Gone {
			t.Fatalf("ended %+v, look %+v; want it parked", ending, look)
		}
		for _, kind := range []string{"view", "trigger", "procedure", "function", "event"} {
			if !slices.ContainsFunc(ending.Kept, func(k mysqlacct.Kept) bool { return k.Kind == kind && k.TakeOver != "" }) {
				t.Errorf("the %s is not among %+v", kind, ending.Kept)
			}
		}
		if err := ping(t, s.Login(t, p.Account.User, password.Reveal(), here, "")); err == nil {
			t.Error("the password still opens")
		}
		accttest.Exec(t, s.Root(t), "INSERT INTO definers.t VALUES (1)", "SELECT * FROM definers.v", "CALL definers.pr()", "SELECT definers.fu()")
		events := "SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES WHERE PRIVILEGE_TYPE = 'EVENT' AND GRANTEE LIKE '\\'definer\\'%'"
		if n := accttest.Rows(t, s.Root(t), events); n != 0 {
			t.Error("its events go on")
		}
		if again, _ := revoke(t, s, p); !again.Parked || len(again.Kept) != len(ending.Kept) {
			t.Errorf("and again: %+v", again)
		}
		accttest.Exec(t, s.Root(t), "DROP VIEW definers.v", "DROP TRIGGER definers.tr", "DROP PROCEDURE definers.pr", "DROP FUNCTION definers.fu", "DROP EVENT definers.ev")
		if last, look := revoke(t, s, p); last.Parked || !look.Gone {
			t.Errorf("with nothing that names it: %+v, %+v", last, look)
		}
	})
}

func TestAPreparedTransactionIsNamedWithWhatEndsItAndIsNotEnded(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		p := custom("preparer")
		_, password := grant(t, s, p)
		person := s.Login(t, p.Account.User, password.Reveal(), here, "definers")
		conn, err := person.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		for _, q := range []string{"XA START 'ga''x',X'00ff',7", "INSERT INTO t VALUES (5005)", "XA END 'ga''x',X'00ff',7", "XA PREPARE 'ga''x',X'00ff',7"} {
			if _, err := conn.ExecContext(t.Context(), q); err != nil {
				t.Fatal(q, err)
			}
		}
		revoke(t, s, p)
		found, err := s.Connect(t).Prepared(t.Context())
		want := mysqlacct.Prepared{XID: "X'676127 78',X'00ff',7", End: ""}
		want.XID = strings.ReplaceAll(want.XID, " ", "")
		want.End = "XA ROLLBACK " + want.XID
		if err != nil || !slices.Contains(found, want) {
			t.Fatalf("prepared %+v, %v; want %+v", found, err, want)
		}
		accttest.Exec(t, s.Root(t), want.End)
	})
}

func TestARollbackIsWaitedForAfterItsConnectionIsKilled(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		p := custom("roller")
		_, password := grant(t, s, p)
		conn, err := s.Login(t, p.Account.User, password.Reveal(), here, "definers").Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		var id string
		if err := conn.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{"BEGIN", "INSERT INTO t VALUES (9001)", "INSERT INTO t SELECT id + 10000 FROM t"} {
			if _, err := conn.ExecContext(t.Context(), q); err != nil {
				t.Fatal(q, err)
			}
		}
		revoke(t, s, p)
		if n := accttest.Rows(t, s.Root(t), "SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = "+id); n != 0 {
			t.Error("its transaction is still there")
		}
		if n := accttest.Rows(t, s.Root(t), "SELECT 1 FROM definers.t WHERE id = 9001"); n != 0 {
			t.Error("its write is there")
		}
	})
}

// TestATransactionIsWaitedForAsLongAsAnOldCopyShowsIt has somebody read what
// InnoDB shows so often that it stays as it was before the KILL. No other test runs
// meanwhile: they would see it too.
func TestATransactionIsWaitedForAsLongAsAnOldCopyShowsIt(t *testing.T) {
	for _, s := range servers {
		if !s.Real {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			for try := range 10 {
				if twoLooksAtOneCopy(t, s, custom(fmt.Sprintf("old.copy%d", try))) {
					return
				}
			}
			t.Error("no copy was kept for two looks")
		})
	}
}

// twoLooksAtOneCopy ends an account with an open transaction and looks twice. It
// returns false where the copy was renewed meanwhile, because who was to read it
// was held up.
func twoLooksAtOneCopy(t *testing.T, s *accttest.Server, p mysqlacct.Plan) bool {
	t.Helper()
	_, password := grant(t, s, p)
	conn, err := s.Login(t, p.Account.User, password.Reveal(), here, "definers").Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	var id string
	if err := conn.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{"BEGIN", "INSERT INTO t VALUES (4004)"} {
		if _, err := conn.ExecContext(t.Context(), q); err != nil {
			t.Fatal(q, err)
		}
	}
	kept := keepCopy(t, s, id)
	c := s.Connect(t)
	r := &mysqlacct.Removal{Account: p.Account, Lock: p.Lock}
	if err := errors.Join(c.Revoke(t.Context(), r), r.Err); err != nil {
		t.Fatal(err)
	}
	proof := &mysqlacct.Proof{Account: p.Account, Ended: r.Ending}
	for look := range 2 {
		if look > 0 {
			<-time.After(mysqlacct.LookApart) // of the server's time
		}
		if err := errors.Join(c.Look(t.Context(), proof), proof.Err); err != nil {
			t.Fatal(err)
		}
	}
	if !kept() {
		return false
	}
	if _, ok := proof.Seen(); ok {
		t.Error("its end is proven though its transaction is shown")
	}
	if _, err := see(t, c, p.Account, false); err != nil {
		t.Error(err)
	}
	return true
}

// keepCopy reads what InnoDB shows, from a copy that has the connection's
// transaction on, so often that it is not renewed. kept ends that, and says whether
// it is still shown: what was shown before was the same.
func keepCopy(t *testing.T, s *accttest.Server, id string) (kept func() bool) {
	t.Helper()
	reader, err := s.Root(t).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var last atomic.Int64
	read := func(ctx context.Context) {
		var n int64
		q := "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = " + id
		if reader.QueryRowContext(ctx, q).Scan(&n) == nil {
			last.Store(n)
		}
	}
	for read(t.Context()); last.Load() == 0; read(t.Context()) {
		<-time.After(200 * time.Millisecond) // of the server's time
	}
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
				read(t.Context())
			}
		}
	}()
	stop := sync.OnceFunc(func() { close(done); <-stopped })
	t.Cleanup(func() { stop(); _ = reader.Close() })
	return func() bool {
		stop()
		read(t.Context())
		return last.Load() > 0
	}
}

func TestDrainLetsATransactionFromBeforeTheLockFinishAndNothingElse(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		p := custom("drainer")
		_, password := grant(t, s, p)
		db := s.Login(t, p.Account.User, password.Reveal(), here, "definers")
		working, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		idle, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _, _ = working.Close(), idle.Close() }()
		for _, q := range []string{"BEGIN", "INSERT INTO t VALUES (3003)"} {
			if _, err := working.ExecContext(t.Context(), q); err != nil {
				t.Fatal(q, err)
			}
		}
		c := s.Connect(t)
		if err := c.Lock(t.Context(), p.Account); err != nil {
			t.Fatal(err)
		}
		if left, err := c.Drain(t.Context(), p.Account, 0); err != nil || left != 1 {
			t.Errorf("%d left, %v; want the one that works", left, err)
		}
		if _, err := idle.ExecContext(t.Context(), "SELECT 1"); err == nil {
			t.Error("the idle connection goes on")
		}
		if _, err := working.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Errorf("the transaction from before the lock: %v", err)
		}
		left := 1
		for try := 0; try < 20 && left > 0; try++ { // the server shows an ended one for 0.1 s or more
			if left, err = c.Drain(t.Context(), p.Account, time.Second); err != nil {
				t.Fatal(err)
			}
		}
		if left != 0 {
			t.Errorf("%d left after its transaction", left)
		}
		if err := ping(t, s.Login(t, p.Account.User, password.Reveal(), here, "")); err == nil {
			t.Error("a new connection began after the lock")
		}
		revoke(t, s, p)
	})
}

func TestIAMIsRefusedWhereTheServerHasNone(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		p := read("token.person")
		p.IAM = true
		if _, err := s.Connect(t).Prepare(t.Context(), p); !mysqlacct.LacksPlugin(err) {
			t.Errorf("error %v, want 1524", err)
		}
	})
}
