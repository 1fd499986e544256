package mysqlacct_test

import (
	"net"
	"regexp"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// onEachAlone runs a test on every server while no other test uses them: whoever
// stops while logging in holds all proofs up.
func onEachAlone(t *testing.T, test func(t *testing.T, s *accttest.Server)) {
	for _, s := range servers {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}

// TestWhoBeganToLogInBeforeTheEndIsNotLetIn has somebody stop between their name
// and their password: MySQL has read the account by then, and lets them in after
// its end, into a parked one with all its rights.
func TestWhoBeganToLogInBeforeTheEndIsNotLetIn(t *testing.T) {
	onEachAlone(t, func(t *testing.T, s *accttest.Server) {
		p := read("hesitates")
		p.TLS = false // the handshake is in the open
		_, password := grant(t, s, p)
		hesitatesUntilTheEnd(t, s, p, password)
	})
}

func TestWhoBeganToLogInBeforeTheirAccountWasParkedIsNotLetIn(t *testing.T) {
	onEachAlone(t, func(t *testing.T, s *accttest.Server) {
		if !s.Real {
			return // it parks nothing
		}
		p := custom("hesitates.parked")
		p.TLS = false
		_, password := grant(t, s, p)
		// By somebody else: who has logged in before is let in by MySQL without being asked.
		accttest.Exec(t, s.Root(t), "CREATE DEFINER = '"+p.Account.User+"'@'"+here+"' VIEW definers.hesitated AS SELECT id FROM definers.t")
		if ending := hesitatesUntilTheEnd(t, s, p, password); !ending.Parked {
			t.Errorf("not parked: %+v", ending)
		}
		accttest.Exec(t, s.Root(t), "DROP VIEW definers.hesitated")
		revoke(t, s, p)
	})
}

func hesitatesUntilTheEnd(t *testing.T, s *accttest.Server, p mysqlacct.Plan, password secret.String) mysqlacct.Ending {
	t.Helper()
	person := s.Hesitate(t, p.Account.User, password.Reveal(), here)
	ending, _ := revoke(t, s, p)
	if err := person.GoOn(); err == nil {
		t.Error("let in after the end was proven")
	}
	return ending
}

func TestALoginThatBeganBeforeHoldsAProofUpAndOneThatBeganLaterDoesNot(t *testing.T) {
	onEachAlone(t, func(t *testing.T, s *accttest.Server) {
		if !s.Real {
			return // it is reached in process only
		}
		knock := func() net.Conn {
			t.Helper()
			c, err := s.Target.Dial(t.Context(), s.Target.Address)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(make([]byte, 1)); err != nil { // the greeting: it is on the list
				t.Fatal(err)
			}
			return c
		}
		first := knock() // without a name yet
		c, proof := s.Connect(t), &mysqlacct.Proof{Account: read("never.there").Account}
		apart := func() { <-time.After(mysqlacct.LookApart) } // of the server's time
		for range 3 {
			if look(t, c, proof) {
				t.Fatal("proven while somebody was logging in who had begun before")
			}
			apart()
		}
		later := knock()
		defer func() { _ = later.Close() }()
		_ = first.Close()
		for try := 0; !look(t, c, proof); try++ {
			if try == 5 {
				t.Fatal("not proven: ", proof.Missing())
			}
			apart()
		}
	})
}

// TestAConnectionThatChangesItsUserHoldsAProofUp has the server say so of one,
// by a name that is not the account's.
func TestAConnectionThatChangesItsUserHoldsAProofUp(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		wire := &accttest.Rewrite{To: s, Rules: []accttest.Rule{{
			Match: regexp.MustCompile("^SHOW FULL PROCESSLIST$"),
			Replace: `SELECT ID, USER, HOST, DB, COMMAND, TIME, STATE, INFO FROM information_schema.PROCESSLIST
				UNION ALL SELECT 4000000000, 'application', 'app.example.com', NULL, 'Change user', 0, NULL, NULL`,
		}}}
		c, err := mysqlacct.Connect(t.Context(), wire.Target())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		proof := &mysqlacct.Proof{Account: read("may.become").Account}
		for range 3 {
			if look(t, c, proof) {
				t.Error("proven")
			}
			<-time.After(mysqlacct.LookApart) // of the server's time
		}
	})
}

// TestAnAccountThatOnlyTheServersMemoryHasIsEnded has a row deleted by hand,
// which lets its owner in until FLUSH PRIVILEGES.
func TestAnAccountThatOnlyTheServersMemoryHasIsEnded(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		p := read("deleted.by.hand")
		_, password := grant(t, s, p)
		table := "mysql.user"
		if s.MariaDB {
			table = "mysql.global_priv"
		}
		accttest.Exec(t, s.Root(t), "DELETE FROM "+table+" WHERE User = '"+p.Account.User+"'")
		if err := ping(t, s.Login(t, p.Account.User, password.Reveal(), here, "")); err != nil {
			t.Fatalf("the server has forgotten it: %v", err)
		}
		c := s.Connect(t)
		if known, err := c.Knows(t.Context(), p.Account.User); err != nil || !known {
			t.Errorf("known %v, %v: its name may be given to another", known, err)
		}
		if _, err := see(t, c, p.Account, false); err == nil {
			t.Error("its end is proven")
		}
		revoke(t, s, p)
		if err := ping(t, s.Login(t, p.Account.User, password.Reveal(), here, "")); err == nil {
			t.Error("its owner is let in after the end was proven")
		}
	})
}

// TestALookAtOnesOwnAccountAloneIsNoLook takes the right to all of mysql.* away,
// without which the server shows the others in its memory to nobody.
func TestALookAtOnesOwnAccountAloneIsNoLook(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		c := weaker(t, s, "tables.only", "PROCESS ON *.*", "SELECT ON mysql.user")
		if look, err := see(t, c, read("not.shown").Account, false); err == nil {
			t.Errorf("saw %+v", look)
		}
	})
}
