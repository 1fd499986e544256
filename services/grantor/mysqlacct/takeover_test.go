package mysqlacct_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// createdAs is what SHOW CREATE has after the object's name. Servers give it in
// another column for each kind.
func createdAs(t *testing.T, conn *sql.Conn, show, name string) string {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), show)
	if err != nil {
		t.Fatal(show, err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil || !rows.Next() {
		t.Fatal(show, err)
	}
	values := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(columns, func(c string) bool { return strings.HasPrefix(c, "Create ") || c == "SQL Original Statement" })
	_, body, ok := strings.Cut(values[i].String, "`"+strings.ReplaceAll(name, "`", "``")+"`")
	if !ok { // the session's sql_mode has ANSI_QUOTES
		_, body, ok = strings.Cut(values[i].String, `"`+name+`"`)
	}
	if !ok {
		t.Fatalf("%s gives %q, without the name", show, values[i].String)
	}
	return body
}

// takeOver does what the list says, as its reader would.
func takeOver(t *testing.T, conn *sql.Conn, k mysqlacct.Kept) {
	t.Helper()
	_, name, _ := strings.Cut(k.Name, ".")
	text, _, _ := strings.Cut(k.TakeOver, "; and ") // what is left to a person
	body := ""
	for _, q := range strings.Split(text, "; ") {
		if strings.HasPrefix(q, "SHOW CREATE ") {
			body = createdAs(t, conn, q, name)
			continue
		}
		if _, err := conn.ExecContext(t.Context(), strings.Replace(q, "…", body, 1)); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func TestWhatTheListSaysTakesEachObjectOverAsItWas(t *testing.T) {
	onReal(t, func(t *testing.T, s *accttest.Server) {
		p := custom("taken.over")
		_, password := grant(t, s, p)
		person, root := s.Login(t, p.Account.User, password.Reveal(), here, "definers"), s.Root(t)
		conn, err := person.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{
			"SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
			"CREATE SQL SECURITY INVOKER VIEW `to v'``1` AS SELECT id FROM t WHERE id < 9 WITH CASCADED CHECK OPTION",
			"CREATE PROCEDURE `to p'``1`() SELECT 1", "CREATE FUNCTION `to f``1`() RETURNS INT DETERMINISTIC RETURN 1",
			"CREATE TRIGGER `to t``1` BEFORE INSERT ON t FOR EACH ROW SET @takeover = 1",
			"CREATE EVENT `to e``1` ON SCHEDULE EVERY 1 HOUR DISABLE DO SELECT 1", "CREATE EVENT `to e``2` ON SCHEDULE EVERY 1 HOUR DO SELECT 1",
		} {
			if _, err := conn.ExecContext(t.Context(), q); err != nil {
				t.Fatal(q, err)
			}
		}
		before := described(t, root)
		ending, _ := revoke(t, s, p)
		owner, err := root.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = owner.Close() }()
		for _, k := range ending.Kept {
			takeOver(t, owner, k)
		}
		if after := described(t, root); len(ending.Kept) != 6 || !slices.Equal(before, after) {
			t.Errorf("%d objects were\n%s\nand are\n%s", len(ending.Kept), strings.Join(before, "\n"), strings.Join(after, "\n"))
		}
		if last, look := revoke(t, s, p); last.Parked || !look.Gone {
			t.Errorf("with everything taken over: %+v, %+v", last, look)
		}
		accttest.Exec(t, root, "DROP VIEW definers.`to v'``1`", "DROP PROCEDURE definers.`to p'``1`", "DROP FUNCTION definers.`to f``1`",
			"DROP TRIGGER definers.`to t``1`", "DROP EVENT definers.`to e``1`", "DROP EVENT definers.`to e``2`")
	})
}

// described is everything about the objects but whose they are.
func described(t *testing.T, db *sql.DB) (all []string) {
	t.Helper()
	for _, q := range []string{
		"SELECT TABLE_NAME, VIEW_DEFINITION, SECURITY_TYPE, CHECK_OPTION FROM information_schema.VIEWS WHERE TABLE_NAME LIKE 'to %'",
		"SELECT ROUTINE_NAME, ROUTINE_DEFINITION, SQL_MODE, IS_DETERMINISTIC FROM information_schema.ROUTINES WHERE ROUTINE_NAME LIKE 'to %' ORDER BY 1",
		"SELECT TRIGGER_NAME, ACTION_STATEMENT, SQL_MODE, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_NAME LIKE 'to %'",
		"SELECT EVENT_NAME, EVENT_DEFINITION, SQL_MODE, STATUS FROM information_schema.EVENTS WHERE EVENT_NAME LIKE 'to %' ORDER BY 1",
	} {
		rows, err := db.QueryContext(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var a, b, c, d string
			if err := rows.Scan(&a, &b, &c, &d); err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprintf("%q %q %q %q", a, b, c, d))
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
