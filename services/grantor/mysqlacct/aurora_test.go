package mysqlacct_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// Aurora cannot be had here: a real server plays it, with the answers that AWS
// documents put into the statements (accttest.Rewrite).

func aurora(s *accttest.Server) *accttest.Rewrite {
	rule := func(match, replace string) accttest.Rule {
		return accttest.Rule{Match: regexp.MustCompile(match), Replace: replace}
	}
	return &accttest.Rewrite{To: s, Rules: []accttest.Rule{
		rule(`^SHOW VARIABLES WHERE .*`, "SELECT 'aurora_server_id', 'shop-1' UNION SELECT 'server_uuid', 'u'"),
		rule(`^SELECT SERVER_ID, SESSION_ID FROM .*`, "SELECT 'shop-1', 'MASTER_SESSION_ID' UNION SELECT 'shop-2', 'a-b-c'"),
		rule(`^KILL (\d+)$`, "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1095"),
		rule(`^CALL mysql.rds_kill\((\d+)\)$`, "KILL $1"),
		rule(`AWSAuthenticationPlugin AS 'RDS'`, "caching_sha2_password AS '$$A$$005$$THISISACOMBINATIONOFINVALIDSALTANDPASSWORDTHATMUSTNEVERBRBEUSED'"),
	}}
}

// through connects over the rewriting wire.
func through(t *testing.T, r *accttest.Rewrite) *mysqlacct.Server {
	t.Helper()
	c, err := mysqlacct.Connect(t.Context(), r.Target())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func onMySQL(t *testing.T, test func(t *testing.T, s *accttest.Server)) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		if !s.MariaDB {
			test(t, s)
		}
	})
}

func TestOnAuroraTheClusterListsItsInstancesAndKillsByProcedure(t *testing.T) {
	onMySQL(t, func(t *testing.T, s *accttest.Server) {
		p := read("on.aurora")
		_, password := grant(t, s, p)
		conn, err := s.Login(t, p.Account.User, password.Reveal(), here, "shop").Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		c := through(t, aurora(s))
		found, err := c.Instances(t.Context())
		if want := []mysqlacct.Instance{{ID: "shop-1", Writer: true}, {ID: "shop-2"}}; err != nil || !slices.Equal(found, want) || c.Name() != "shop-1" {
			t.Errorf("instances %+v of %s, %v; want %+v", found, c.Name(), err, want)
		}
		ending, err := end(t, c, p)
		if err != nil || ending.Killed != 1 {
			t.Errorf("ended %+v, %v", ending, err)
		}
		if look, err := see(t, c, p.Account, false); err != nil || !look.Gone {
			t.Errorf("look %+v, %v", look, err)
		}
		if _, err := conn.ExecContext(t.Context(), "SELECT 1"); err == nil {
			t.Error("the connection goes on")
		}
	})
}

func TestAnIAMAccountHasNoPasswordInAnyStatement(t *testing.T) {
	onMySQL(t, func(t *testing.T, s *accttest.Server) {
		p := read("iam.person")
		p.IAM = true
		wire := aurora(s)
		c := through(t, wire)
		if _, err := c.Prepare(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if err := c.Open(t.Context(), p, secret.String{}); err != nil {
			t.Fatal(err)
		}
		for _, q := range wire.Statements() {
			if strings.Contains(q, "IDENTIFIED BY") {
				t.Errorf("there is a password in %.80s", q)
			}
		}
		c.Close() // with its named lock
		revoke(t, s, p)
	})
}
