package mysqlacct_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// number of a server's error, 0 for none.
func number(t *testing.T, err error) uint16 {
	t.Helper()
	if err == nil {
		return 0
	}
	e, ok := errors.AsType[*driver.MySQLError](err)
	if !ok {
		t.Fatalf("not an error of the server: %v", err)
	}
	return e.Number
}

// grant makes and opens an account as the grantor does.
func grant(t *testing.T, s *accttest.Server, p mysqlacct.Plan) (mysqlacct.Ready, secret.String) {
	t.Helper()
	c, err := mysqlacct.Connect(t.Context(), s.Target)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	prepared, err := c.Prepare(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	password := mysqlacct.NewPassword()
	if err := c.Open(t.Context(), p, password); err != nil {
		t.Fatal(err)
	}
	return prepared, password
}

func revoke(t *testing.T, s *accttest.Server, p mysqlacct.Plan) (mysqlacct.Ending, mysqlacct.Look) {
	t.Helper()
	c, err := mysqlacct.Connect(t.Context(), s.Target)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ending, err := end(t, c, p)
	if err != nil {
		t.Fatal(err)
	}
	look, err := see(t, c, p.Account, ending.Parked)
	if err != nil {
		t.Fatal(err)
	}
	return ending, look
}

// end is the end of one account.
func end(t *testing.T, c *mysqlacct.Server, p mysqlacct.Plan) (mysqlacct.Ending, error) {
	t.Helper()
	r := &mysqlacct.Removal{Account: p.Account, Lock: p.Lock}
	err := c.Revoke(t.Context(), r)
	return r.Ending, errors.Join(err, r.Err)
}

// see looks until the end of one account is proven.
func see(t *testing.T, c *mysqlacct.Server, a mysqlacct.Account, parked bool) (mysqlacct.Look, error) {
	t.Helper()
	p := &mysqlacct.Proof{Account: a, Parked: parked}
	for {
		if err := errors.Join(c.Look(t.Context(), p), p.Err); err != nil {
			return mysqlacct.Look{}, err
		}
		if look, ok := p.Seen(); ok {
			return look, nil
		}
		select {
		case <-time.After(mysqlacct.LookApart): // of the server's time
		case <-t.Context().Done():
			return mysqlacct.Look{}, p.Missing()
		}
	}
}

func ping(t *testing.T, db *sql.DB) error {
	t.Helper()
	return db.PingContext(t.Context())
}

func TestAnAccountWorksFromItsAddressAndFromNoOther(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		p := read("from.address")
		_, password := grant(t, s, p)
		if err := ping(t, s.Login(t, p.Account.User, password.Reveal(), here, "shop")); err != nil {
			t.Errorf("from its address: %v", err)
		}
		for _, other := range []string{"127.0.0.1", "127.0.0.78"} {
			if n := number(t, ping(t, s.Login(t, p.Account.User, password.Reveal(), other, ""))); n != 1045 && n != 1130 {
				t.Errorf("from %s: error %d, want 1045 or 1130 (no account at all from there)", other, n)
			}
		}
		if n := number(t, ping(t, s.Plain(t, p.Account.User, password.Reveal(), here))); n != 1045 {
			t.Errorf("without TLS: error %d, want 1045", n)
		}
	})
}

func TestARoleGivesItsPrivilegesAndNoOthers(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		p := read("reader")
		prepared, password := grant(t, s, p)
		if want := []string{"SELECT, SHOW VIEW ON shop.*"}; !slices.Equal(prepared.Privileges, want) {
			t.Errorf("read back %q, want %q", prepared.Privileges, want)
		}
		db := s.Login(t, p.Account.User, password.Reveal(), here, "shop")
		if n := accttest.Rows(t, db, "SELECT id FROM orders LIMIT 1"); n != 1 {
			t.Errorf("%d rows read, want 1", n)
		}
		for _, refused := range []string{
			"INSERT INTO orders (id) VALUES (999999)", "DELETE FROM orders", "DROP TABLE orders", "CREATE TABLE t (id INT)",
			"SELECT * FROM billing.invoices", "SELECT * FROM mysql.user",
		} {
			if _, err := db.ExecContext(t.Context(), refused); err == nil {
				t.Errorf("%s: was allowed", refused)
			}
		}
	})
}

func TestAnUnderscoreInADatabaseNameIsNoWildcard(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		if !s.Real {
			accttest.Exec(t, s.Root(t), "CREATE DATABASE app_db", "CREATE DATABASE appXdb", "CREATE TABLE app_db.s (id INT)", "CREATE TABLE appXdb.s (id INT)")
		}
		p := read("wild.card")
		p.Scopes[0].Database = "app_db"
		_, password := grant(t, s, p)
		db := s.Login(t, p.Account.User, password.Reveal(), here, "")
		accttest.Rows(t, db, "SELECT id FROM app_db.s")
		if _, err := db.ExecContext(t.Context(), "SELECT id FROM appXdb.s"); err == nil {
			t.Error("app_db opened appXdb")
		}
	})
}

func TestATableScopeGivesThatTableOnly(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		p := read("one.table")
		p.Scopes = []mysqlacct.Scope{{Database: "shop", Table: "orders", Privileges: []string{"SELECT"}}}
		prepared, password := grant(t, s, p)
		if want := []string{"SELECT ON shop.orders"}; !slices.Equal(prepared.Privileges, want) {
			t.Errorf("read back %q, want %q", prepared.Privileges, want)
		}
		db := s.Login(t, p.Account.User, password.Reveal(), here, "shop")
		accttest.Rows(t, db, "SELECT id FROM orders LIMIT 1")
		if _, err := db.ExecContext(t.Context(), "SELECT 1 FROM billing.invoices"); err == nil {
			t.Error("billing was readable")
		}
	})
}

func TestNobodyLogsInBetweenPrepareAndOpen(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		p := read("not.open")
		_, password := grant(t, s, p)
		c := s.Connect(t)
		if _, err := c.Prepare(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if err := ping(t, s.Login(t, p.Account.User, password.Reveal(), here, "")); err == nil {
			t.Error("the old password opens an account that is being made again")
		}
	})
}

func TestGrantingAgainEndsTheSameWithANewPassword(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		p := read("again")
		first, old := grant(t, s, p)
		second, password := grant(t, s, p)
		if !slices.Equal(first.Privileges, second.Privileges) {
			t.Errorf("privileges %q and then %q", first.Privileges, second.Privileges)
		}
		if old.Equal(password) {
			t.Error("the password is the same")
		}
		if n := s.Accounts(t, p.Account.User); n != 1 {
			t.Errorf("%d accounts, want 1", n)
		}
		if err := ping(t, s.Login(t, p.Account.User, password.Reveal(), here, "")); err != nil {
			t.Errorf("with the new password: %v", err)
		}
		if n := number(t, ping(t, s.Login(t, p.Account.User, old.Reveal(), here, ""))); n != 1045 {
			t.Errorf("with the old password: error %d, want 1045", n)
		}
	})
}

func TestMoreThanWasApprovedIsRefused(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		p := read("foreign.row")
		accttest.Exec(t, s.Root(t), "CREATE USER 'foreign.row'@'%' IDENTIFIED BY 'Any-0ther'", "GRANT SELECT ON billing.* TO 'foreign.row'@'%'")
		_, err := s.Connect(t).Prepare(t.Context(), p)
		if r, ok := errors.AsType[*mysqlacct.Refusal](err); !ok || r.Code != "name" {
			t.Errorf("error %v, want a refusal of the name", err)
		}
	})
}

func TestARightThatTheAdministratorLacksIsHopeless(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		if !s.Real {
			return // the embedded administrator has every right
		}
		p := read("lacking")
		p.Scopes[0].Database = "appXdb"
		_, err := s.Connect(t).Prepare(t.Context(), p)
		if !mysqlacct.IsHopeless(err) {
			t.Errorf("error %v is not hopeless", err)
		}
	})
}

func TestKnowsFindsANameOnAnyHost(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		accttest.Exec(t, s.Root(t), "CREATE USER 'known'@'10.1.2.3' IDENTIFIED BY 'Any-0ther'")
		c := s.Connect(t)
		for name, want := range map[string]bool{"known": true, "unknown": false} {
			if got, err := c.Knows(t.Context(), name); err != nil || got != want {
				t.Errorf("%s: %v, %v; want %v", name, got, err, want)
			}
		}
	})
}

func TestHostileNamesReachNoStatement(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		c := s.Connect(t)
		for _, user := range []string{"", "x'y", `x\`, "Taro", "-x", "x\x00", "ta\u2019ro", strings.Repeat("a", 33), "a b", "a`b", "a%"} {
			p := read(user)
			if _, err := c.Prepare(t.Context(), p); err == nil {
				t.Errorf("%q was granted", user)
			}
			if _, err := end(t, c, p); err == nil {
				t.Errorf("%q was revoked", user)
			}
		}
		for _, scope := range []mysqlacct.Scope{
			{Database: "sh`op", Privileges: []string{"SELECT"}},
			{Database: "shop", Privileges: []string{"ALL"}},
			{Database: "*", Privileges: []string{"SELECT"}},
			{Database: "shop", Table: "o`", Privileges: []string{"SELECT"}},
			{Database: "shop", Table: "orders", Columns: []string{"id`) ON *.* TO x -- "}, Privileges: []string{"SELECT"}},
			{Database: "shop", Table: "orders", Columns: []string{"id"}, Privileges: []string{"SELECT", "UPDATE"}},
			{Database: "shop", Columns: []string{"id"}, Privileges: []string{"SELECT"}},
			{Database: "shop", Privileges: []string{"ALL PRIVILEGES"}},
			{Database: "shop", Privileges: []string{"SELECT ON *.* TO x"}},
			{Database: "shop", Privileges: []string{"GRANT OPTION"}},
			{Database: "shop"},
		} {
			p := read("hostile.scope")
			p.Scopes = []mysqlacct.Scope{scope}
			if _, err := c.Prepare(t.Context(), p); err == nil {
				t.Errorf("%+v was granted", scope)
			}
		}
		if n := s.Accounts(t, "hostile.scope"); n != 0 {
			t.Errorf("%d accounts were made", n)
		}
	})
}

func TestNoPasswordIsInTheServersLogOrInAnError(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		p := read("canary")
		_, password := grant(t, s, p)
		log, err := s.GeneralLog()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(log, password.Reveal()) {
			t.Error("the server's general log has the password")
		}
		missing := p
		missing.Account.User = "canary.nobody" // Open without Prepare: 1396
		secretWord := mysqlacct.NewPassword()
		err = s.Connect(t).Open(t.Context(), missing, secretWord)
		if err == nil || strings.Contains(err.Error(), secretWord.Reveal()) || strings.Contains(err.Error(), "canary.nobody") {
			t.Errorf("error %v: want one without a word of the statement", err)
		}
	})
}

func TestAContextThatEndsEndsTheWork(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		c := s.Connect(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Prepare(ctx, read("cancelled")); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want the context's", err)
		}
	})
}
