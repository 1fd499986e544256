package mysqlacct_test

import (
	"slices"
	"testing"

	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

var ddl = []string{"SELECT", "SHOW VIEW", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "INDEX", "REFERENCES"}

func TestTheAdministratorOfDeploySQLLacksNothingAndWhatAnotherLacksIsListed(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		if missing, err := s.Connect(t).MissingRights(t.Context(), []string{"shop", "app_db"}, ddl); err != nil || len(missing) > 0 {
			t.Errorf("the administrator of deploy/sql lacks %q, %v", missing, err)
		}
		c := weaker(t, s, "weak", "CREATE USER ON *.*", "SELECT ON mysql.*", "SELECT ON shop.*")
		missing, err := c.MissingRights(t.Context(), []string{"shop"}, []string{"SELECT"})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"PROCESS ON *.*", "SELECT ON shop.* WITH GRANT OPTION"} {
			if !slices.Contains(missing, want) {
				t.Errorf("%q lacks %q", missing, want)
			}
		}
		if slices.Contains(missing, "CREATE USER ON *.*") || slices.Contains(missing, "SELECT ON mysql.*") {
			t.Errorf("%q lists what it has", missing)
		}
	})
}

func TestAnAccountIsMarkedWhereTheServerHasRoomForIt(t *testing.T) {
	onMySQL(t, func(t *testing.T, s *accttest.Server) {
		p := read("with.mark")
		grant(t, s, p)
		accttest.Exec(t, s.Root(t), "CREATE USER 'without.mark'@'127.0.0.9' IDENTIFIED BY 'x' ATTRIBUTE '{\"other\": 1}'")
		all, err := s.Connect(t).Accounts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []mysqlacct.Found{
			{User: "with.mark", Host: here, Marked: true}, {User: "without.mark", Host: "127.0.0.9"},
		} {
			if !slices.Contains(all, want) {
				t.Errorf("%+v is not among %+v", want, all)
			}
		}
	})
}
