package mysqlacct_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// meddled lets something happen behind the grantor's back, once, just before it
// sends what has the marker in it.
type meddled struct {
	net.Conn
	once   *sync.Once
	marker string
	then   func()
}

func (c meddled) Write(p []byte) (int, error) {
	if strings.Contains(string(p), c.marker) {
		c.once.Do(c.then)
	}
	return c.Conn.Write(p)
}

// prepareWhile prepares a plan while something else happens to the account just
// before the read-back. It speaks without TLS, to see what is said.
func prepareWhile(t *testing.T, s *accttest.Server, p mysqlacct.Plan, statements ...string) error {
	t.Helper()
	root := s.Root(t)
	target := s.Target
	target.TLS = nil
	if s.Real {
		accttest.Exec(t, root, "CREATE USER IF NOT EXISTS 'plainadmin'@'127.0.0.1' IDENTIFIED BY 'Pl-4in'", "GRANT ALL ON *.* TO 'plainadmin'@'127.0.0.1' WITH GRANT OPTION")
		target.User, target.Password = "plainadmin", plainPassword
	}
	dial := target.Dial
	var once sync.Once
	target.Dial = func(ctx context.Context, address string) (net.Conn, error) {
		c, err := dial(ctx, address)
		return meddled{c, &once, "information_schema.USER_PRIVILEGES", func() { accttest.Exec(t, root, statements...) }}, err
	}
	c, err := mysqlacct.Connect(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.Prepare(t.Context(), p)
	return err
}

func TestAReadBackThatIsNotThePlanIsRefused(t *testing.T) {
	tests := map[string]string{
		"more.db":     "GRANT INSERT ON shop.* TO %",
		"more.other":  "GRANT SELECT ON billing.* TO %",
		"more.table":  "GRANT INSERT ON shop.orders TO %",
		"more.global": "GRANT PROCESS ON *.* TO %",
		"grantable":   "GRANT SELECT ON shop.* TO % WITH GRANT OPTION",
		"less":        "REVOKE SELECT ON shop.* FROM %",
	}
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		for user, statement := range tests {
			p := read(user)
			account := "'" + user + "'@'" + here + "'"
			err := prepareWhile(t, s, p, strings.ReplaceAll(statement, "%", account))
			if r, ok := errors.AsType[*mysqlacct.Refusal](err); !ok || r.Code != "privileges" {
				t.Errorf("%s: error %v, want a refusal of the privileges", user, err)
			}
		}
	})
}

func TestAnUndisturbedReadBackIsThePlan(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		if err := prepareWhile(t, s, read("undisturbed"), "SELECT 1"); err != nil {
			t.Error(err)
		}
	})
}

func TestWithoutTLSNoneIsRequired(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		p := read("plain.wire")
		p.TLS = false
		_, password := grant(t, s, p)
		if err := ping(t, s.Plain(t, p.Account.User, password.Reveal(), here)); err != nil {
			t.Errorf("without TLS: %v", err)
		}
	})
}

func TestOneConnectionTooManyIsRefused(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		p := read("many")
		p.Connections = 2
		_, password := grant(t, s, p)
		db := s.Login(t, p.Account.User, password.Reveal(), here, "")
		for range 2 {
			c, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
		}
		_, err := db.Conn(t.Context())
		if n := number(t, err); n != 1226 && n != 1203 {
			t.Errorf("error %d, want 1226", n)
		}
	})
}
