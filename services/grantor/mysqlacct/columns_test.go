package mysqlacct_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// columns is a plan to read two columns of shop.orders.
func columns(user string) mysqlacct.Plan {
	p := read(user)
	p.Scopes = []mysqlacct.Scope{{Database: "shop", Table: "orders", Columns: []string{"id", "item"}, Privileges: []string{"SELECT"}}}
	return p
}

func TestAColumnListGivesTheseColumnsOnlyAndLeavesNothing(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		p := columns("two.columns")
		prepared, password := grant(t, s, p)
		if want := []string{"SELECT ON shop.orders(id, item)"}; !slices.Equal(prepared.Privileges, want) {
			t.Errorf("read back %q, want %q", prepared.Privileges, want)
		}
		db := s.Login(t, p.Account.User, password.Reveal(), here, "shop")
		if n := accttest.Rows(t, db, "SELECT id, item FROM orders"); n != 1 {
			t.Errorf("%d rows read, want 1", n)
		}
		for statement, want := range map[string][]uint16{
			"SELECT customer_id FROM orders":                  {1143},
			"SELECT id FROM orders WHERE customer_id = 1":     {1143},
			"SELECT id FROM orders ORDER BY customer_id":      {1143},
			"SELECT * FROM orders":                            {1142, 1143},
			"UPDATE orders SET item = 'x' WHERE id = 1":       {1142, 1143},
			"SELECT id FROM orders o JOIN billing.invoices i": {1142},
		} {
			_, err := db.ExecContext(t.Context(), statement)
			if n := number(t, err); !slices.Contains(want, n) {
				t.Errorf("%s: error %d, want one of %v", statement, n, want)
			}
		}
		if _, look := revoke(t, s, p); !look.Gone {
			t.Error("the account is left")
		}
		if n := accttest.Rows(t, s.Root(t), "SELECT 1 FROM mysql.columns_priv WHERE User = 'two.columns'"); n != 0 {
			t.Errorf("%d privileges on columns are left", n)
		}
	})
}

func TestAReadBackOfColumnsThatIsNotThePlanIsRefused(t *testing.T) {
	tests := map[string]string{
		"column.more":   "GRANT SELECT (customer_id) ON shop.orders TO ",
		"column.less":   "REVOKE SELECT (item) ON shop.orders FROM ",
		"column.write":  "GRANT UPDATE (item) ON shop.orders TO ",
		"column.table":  "GRANT SELECT ON shop.orders TO ",
		"column.option": "GRANT GRANT OPTION ON shop.orders TO ",
	}
	onReal(t, func(t *testing.T, s *accttest.Server) {
		for user, statement := range tests {
			err := prepareWhile(t, s, columns(user), statement+"'"+user+"'@'"+here+"'")
			if r, ok := errors.AsType[*mysqlacct.Refusal](err); !ok || r.Code != "privileges" {
				t.Errorf("%s: error %v, want a refusal of the privileges", user, err)
			}
		}
		if err := prepareWhile(t, s, columns("column.same"), "SELECT 1"); err != nil {
			t.Errorf("undisturbed: %v", err)
		}
	})
}

func TestAWholeTableIsNotReadBackAsItsColumns(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		p := read("column.beside")
		err := prepareWhile(t, s, p, "GRANT SELECT (id) ON shop.orders TO 'column.beside'@'"+here+"'")
		if r, ok := errors.AsType[*mysqlacct.Refusal](err); !ok || r.Code != "privileges" {
			t.Errorf("error %v, want a refusal of the privileges", err)
		}
	})
}

func TestAColumnOrTableThatIsNotThereIsHopeless(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		for user, change := range map[string]func(*mysqlacct.Scope){
			"no.column": func(s *mysqlacct.Scope) { s.Columns = []string{"id", "nothing"} },
			"no.table":  func(s *mysqlacct.Scope) { s.Table = "nothing" },
		} {
			p := columns(user)
			change(&p.Scopes[0])
			if _, err := s.Connect(t).Prepare(t.Context(), p); !mysqlacct.IsHopeless(err) {
				t.Errorf("%s: error %v is not hopeless", user, err)
			}
		}
	})
}

func TestAServerWithoutPrivilegesOnColumnsRefusesThemBeforeThereIsAnAccount(t *testing.T) {
	onEvery(t, func(t *testing.T, s *accttest.Server) {
		if s.Real {
			return // they have them
		}
		_, err := s.Connect(t).Prepare(t.Context(), columns("no.columns"))
		if r, ok := errors.AsType[*mysqlacct.Refusal](err); !ok || r.Code != "columns" {
			t.Errorf("error %v, want a refusal of the columns", err)
		}
		if n := s.Accounts(t, "no.columns"); n != 0 {
			t.Errorf("%d accounts were made", n)
		}
	})
}
