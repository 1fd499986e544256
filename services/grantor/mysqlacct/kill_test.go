package mysqlacct_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// two are two real servers; ok is false where there are none.
func two() (first, second *accttest.Server, ok bool) {
	var real []*accttest.Server
	for _, s := range servers {
		if s.Real {
			real = append(real, s)
		}
	}
	if len(real) < 2 {
		return nil, nil, false
	}
	return real[0], real[1], true
}

// TestAKillNeverReachesAnotherInstance swaps the server behind the endpoint
// between the look and the KILL, as a failover does: what was seen on one server
// must not be killed on another, where the number is somebody else's.
func TestAKillNeverReachesAnotherInstance(t *testing.T) {
	t.Parallel()
	first, other, ok := two()
	if !ok {
		return // make test-db requires both
	}
	second := &accttest.Rewrite{To: other}
	p := read("failed.over")
	_, password := grant(t, first, p)
	conn, err := first.Login(t, p.Account.User, password.Reveal(), here, "shop").Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	wire := &accttest.Rewrite{To: first}
	var swap bool
	target := wire.Target()
	target.Dial = accttest.Swapping(wire, second, func(statement string) bool {
		now := strings.HasPrefix(statement, "KILL ") && !swap
		swap = swap || now
		return now
	})
	c, err := mysqlacct.Connect(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := end(t, c, p); err == nil {
		t.Error("it went on over another server")
	}
	if !swap {
		t.Error("there was no KILL: the test swapped nothing")
	}
	for _, q := range second.Statements() {
		t.Errorf("the other instance got %.80s", q)
	}
	revoke(t, first, p)
}

// TestTheKillOfAnAbandonedStatementNeverReachesAnotherInstance has the caller
// give up at a statement, and the endpoint lead to another server from then on.
func TestTheKillOfAnAbandonedStatementNeverReachesAnotherInstance(t *testing.T) {
	t.Parallel()
	first, other, ok := two()
	if !ok {
		return // make test-db requires both
	}
	ctx, giveUp := context.WithCancel(t.Context())
	wire, second := &accttest.Rewrite{To: first}, &accttest.Rewrite{To: other}
	target := wire.Target()
	target.Dial = accttest.Swapping(wire, second, func(statement string) bool {
		now := strings.HasPrefix(statement, "ALTER USER ")
		if now {
			giveUp()
		}
		return now
	})
	c, err := mysqlacct.Connect(ctx, target)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Lock(ctx, read("given.up").Account); err == nil {
		t.Error("it went on over another server")
	}
	if len(second.Statements()) == 0 {
		t.Error("nobody looked after the statement: the test swapped nothing")
	}
	for _, q := range second.Statements() {
		if strings.HasPrefix(q, "KILL") {
			t.Errorf("the other instance got %.80s", q)
		}
	}
}

// TestTwoServersOfOneMachineAreNotTakenForOne is about MariaDB, whose servers have
// a machine's name and mostly the number 1.
func TestTwoServersOfOneMachineAreNotTakenForOne(t *testing.T) {
	t.Parallel()
	for _, s := range servers {
		if s.Name != "mariadb" {
			continue
		}
		another, stop, err := accttest.MariaDB()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		_, one, _ := strings.Cut(s.Connect(t).Name(), " ")
		_, other, _ := strings.Cut(another.Connect(t).Name(), " ")
		if one == other || len(one) < 20 {
			t.Errorf("both call themselves %q", one)
		}
	}
}

// TestAnAbandonedStatementIsEnded has a statement wait behind a lock, which no
// server gives up because its client is gone.
func TestAnAbandonedStatementIsEnded(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		root := s.Root(t)
		accttest.Exec(t, root, "CREATE TABLE definers.waited (id INT)")
		holder, err := root.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = holder.Close() }()
		if _, err := holder.ExecContext(t.Context(), "LOCK TABLES definers.waited WRITE"); err != nil {
			t.Fatal(err)
		}
		wire := &accttest.Rewrite{To: s, Rules: []accttest.Rule{
			{Match: regexp.MustCompile("^ALTER USER .*"), Replace: "INSERT INTO definers.waited VALUES (1)"},
		}}
		ctx, giveUp := context.WithCancel(t.Context())
		c, err := mysqlacct.Connect(ctx, wire.Target())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		waits := func() int {
			return accttest.Rows(t, root, "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'INSERT INTO definers.waited%'")
		}
		ended := make(chan error)
		go func() { ended <- c.Lock(ctx, read("behind").Account) }()
		for try := 0; waits() == 0; try++ {
			if try == 1000 {
				t.Fatal("the statement never waited")
			}
		}
		giveUp()
		if err := <-ended; err == nil {
			t.Error("it was done")
		}
		for try := 0; waits() > 0; try++ {
			if try == 1000 {
				t.Fatal("the statement waits on, with nobody to hear of it")
			}
		}
	})
}
