package mysqlacct_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

func TestTwoLooksProveAnEndOnlyASecondApartAndOverOneConnection(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		first, second := s.Connect(t), s.Connect(t)
		proof := &mysqlacct.Proof{Account: read("never.was").Account}
		apart := func() { <-time.After(mysqlacct.LookApart) } // of the server's time
		for range 2 {
			if look(t, first, proof) {
				t.Error("two looks at once prove it")
			}
		}
		apart()
		if look(t, second, proof) {
			t.Error("looks over two connections prove it")
		}
		apart()
		if look(t, first, proof) {
			t.Error("looks of three connections prove it")
		}
		apart()
		if !look(t, first, proof) {
			t.Error("two looks a second apart prove nothing")
		}
	})
}

func TestASessionSeenAtALookBeginsTheProofAgain(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		p := read("comes.back")
		_, password := grant(t, s, p)
		db := s.Login(t, p.Account.User, password.Reveal(), here, "shop")
		c := s.Connect(t)
		if err := c.Lock(t.Context(), p.Account); err != nil {
			t.Fatal(err)
		}
		// Parked: the account is there, and its sessions count all the same.
		proof := &mysqlacct.Proof{Account: p.Account, Parked: true}
		if err := errors.Join(c.Look(t.Context(), proof), proof.Err); err != nil {
			t.Fatal(err)
		}
		accttest.Exec(t, s.Root(t), "ALTER USER '"+p.Account.User+"'@'"+here+"' ACCOUNT UNLOCK")
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if err := c.Lock(t.Context(), p.Account); err != nil {
			t.Fatal(err)
		}
		<-time.After(mysqlacct.LookApart) // of the server's time
		if err := errors.Join(c.Look(t.Context(), proof), proof.Err); err != nil {
			t.Fatal(err)
		}
		if look, ok := proof.Seen(); ok || look.Killed != 1 {
			t.Errorf("proven %v with %+v, want a session killed and no proof", ok, look)
		}
		revoke(t, s, p)
	})
}

// TestOneAccountsTroubleIsNotAnothers ends together an account that must be
// parked, one whose lock another connection holds, one that nobody waits for any
// more, and one without trouble.
func TestOneAccountsTroubleIsNotAnothers(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		plain, held, left, definer := read("trouble.none"), read("trouble.lock"), read("trouble.left"), custom("trouble.view")
		for _, p := range []mysqlacct.Plan{plain, held, left} {
			grant(t, s, p)
		}
		_, password := grant(t, s, definer)
		accttest.Exec(t, s.Login(t, definer.Account.User, password.Reveal(), here, "definers"), "CREATE VIEW troubled AS SELECT id FROM t")
		holder, err := s.Admin(t).Conn(t.Context()) // as a dead handler's
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = holder.Close() }()
		if _, err := holder.ExecContext(t.Context(), "SELECT GET_LOCK('"+held.Lock+"', 1)"); err != nil {
			t.Fatal(err)
		}
		var all []*mysqlacct.Removal
		for _, p := range []mysqlacct.Plan{definer, held, left, plain} {
			all = append(all, &mysqlacct.Removal{Account: p.Account, Lock: p.Lock})
		}
		asked := 0
		all[2].While = func() error {
			if asked++; asked > 1 { // it leaves when the round has begun
				return context.Canceled
			}
			return nil
		}
		if err := s.Connect(t).Revoke(t.Context(), all...); err != nil {
			t.Fatal(err)
		}
		for i, want := range []struct {
			parked   bool
			err      error
			accounts int
		}{{true, nil, 1}, {false, nil, 0}, {false, context.Canceled, 1}, {false, nil, 0}} {
			r := all[i]
			if n := s.Accounts(t, r.Account.User); r.Ending.Parked != want.parked || !errors.Is(r.Err, want.err) || n != want.accounts {
				t.Errorf("%s: %+v, %v, %d accounts", r.Account.User, r.Ending, r.Err, n)
			}
		}
		accttest.Exec(t, s.Root(t), "DROP VIEW definers.troubled")
		revoke(t, s, left)
		revoke(t, s, definer)
	})
}

// TestOneThatMySQLRefusesToDropDoesNotKeepTheOthers ends three together, of which
// one is the DEFINER of what PowerPole's administrator may not see. MariaDB drops
// without asking.
func TestOneThatMySQLRefusesToDropDoesNotKeepTheOthers(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		if s.MariaDB {
			return
		}
		var all []*mysqlacct.Removal
		for _, name := range []string{"unseen.a", "unseen.definer", "unseen.b"} {
			p := read(name)
			grant(t, s, p)
			all = append(all, &mysqlacct.Removal{Account: p.Account, Lock: p.Lock})
		}
		accttest.Exec(t, s.Root(t), "CREATE DATABASE unseen", "CREATE DEFINER = 'unseen.definer'@'"+here+"' VIEW unseen.v AS SELECT 1")
		if err := s.Connect(t).Revoke(t.Context(), all...); err != nil {
			t.Fatal(err)
		}
		for i, r := range all {
			accounts, parked := 0, i == 1
			if parked {
				accounts = 1
			}
			if n := s.Accounts(t, r.Account.User); r.Err != nil || r.Ending.Parked != parked || len(r.Ending.Kept) != accounts || n != accounts {
				t.Errorf("%s: %+v, %v, %d accounts", r.Account.User, r.Ending, r.Err, n)
			}
		}
		accttest.Exec(t, s.Root(t), "DROP DATABASE unseen")
		revoke(t, s, read("unseen.definer"))
	})
}
