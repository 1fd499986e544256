package mysqlacct_test

import (
	"strings"
	"testing"

	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

func TestAnOpenConnectionDiesAtRevoke(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		p := read("open.session")
		_, password := grant(t, s, p)
		db := s.Login(t, p.Account.User, password.Reveal(), here, "shop")
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if _, err := conn.ExecContext(t.Context(), "SELECT 1"); err != nil {
			t.Fatal(err)
		}
		ending, look := revoke(t, s, p)
		if ending.Killed != 1 || !look.Gone || look.Sessions != 0 {
			t.Errorf("ended %+v, look %+v; want one killed, gone, no session", ending, look)
		}
		if _, err := conn.ExecContext(t.Context(), "SELECT 1"); err == nil {
			t.Error("the open connection goes on")
		}
		if err := ping(t, s.Login(t, p.Account.User, password.Reveal(), here, "")); err == nil {
			t.Error("the password still opens")
		}
		if n := s.Accounts(t, p.Account.User); n != 0 {
			t.Errorf("%d accounts left", n)
		}
	})
}

func TestRevokingAgainAndRevokingNothingAreSuccess(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		p := read("twice")
		grant(t, s, p)
		for range 3 {
			if _, look := revoke(t, s, p); !look.Gone {
				t.Error("not seen gone")
			}
		}
	})
}

func TestRevokeLeavesAnotherAccountAlone(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		mine, other := read("neighbour-a"), read("neighbour-b")
		grant(t, s, mine)
		_, password := grant(t, s, other)
		conn, err := s.Login(t, other.Account.User, password.Reveal(), here, "shop").Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		revoke(t, s, mine)
		if _, err := conn.ExecContext(t.Context(), "SELECT 1"); err != nil {
			t.Errorf("the neighbour's connection: %v", err)
		}
	})
}

func TestALookWithoutTheRightToSeeIsNoLook(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		c := weaker(t, s, "blind", "CREATE USER ON *.*", "SELECT ON mysql.*")
		p := read("unseen")
		if look, err := see(t, c, p.Account, false); err == nil {
			t.Errorf("an administrator without PROCESS saw %+v", look)
		}
		if _, err := end(t, c, p); err == nil {
			t.Error("an administrator without PROCESS revoked")
		}
	})
}

func TestAHeldLockIsSeizedByRevoke(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		p := read("held.lock")
		grant(t, s, p)
		holder, err := s.Admin(t).Conn(t.Context()) // as a dead handler's
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = holder.Close() }()
		if _, err := holder.ExecContext(t.Context(), "SELECT GET_LOCK('"+p.Lock+"', 1)"); err != nil {
			t.Fatal(err)
		}
		if _, look := revoke(t, s, p); !look.Gone {
			t.Error("not gone")
		}
	})
}

func TestARevokeAsksNothingTwice(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		p := read("asked.once")
		grant(t, s, p)
		wire := &accttest.Rewrite{To: s}
		c, err := mysqlacct.Connect(t.Context(), wire.Target())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		before := len(wire.Statements())
		if _, err := end(t, c, p); err != nil {
			t.Fatal(err)
		}
		asked := map[string]int{}
		for _, q := range wire.Statements()[before:] {
			table, _, _ := strings.Cut(q, " WHERE ")
			if asked[table]++; asked[table] > 1 {
				t.Errorf("asked again: %.80s", q)
			}
		}
	})
}
