package mysql

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// What this server is and does where MySQL is otherwise, or where one would have
// to guess: written for whoever grants accounts on it.

func expect(t *testing.T, got [][]string, want ...string) {
	t.Helper()
	lines := make([]string, len(got))
	for i, r := range got {
		lines[i] = strings.Join(r, "|")
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got  %q\nwant %q", lines, want)
	}
}

func TestServerSaysThatItIsMySQL8MadeByDolt(t *testing.T) {
	t.Parallel()
	root := admin(t, start(t, Options{}))
	expect(t, rows(t, root, "SELECT @@version, @@version_comment, @@partial_revokes, @@mandatory_roles, @@lock_wait_timeout"),
		"8.0.31|Dolt|1||31536000")
	if uuid := rows(t, root, "SELECT @@server_uuid")[0][0]; len(uuid) != 36 {
		t.Errorf("server_uuid: %q", uuid)
	}
	if _, err := tryRows(t, root, "SELECT @@aurora_server_id"); numberOf(t, err) != 1105 {
		t.Errorf("an unknown variable: %v, want 1105 (MySQL: 1193)", err)
	}
}

func TestGrantsReadBackOneRowAPrivilege(t *testing.T) {
	t.Parallel()
	_, root := granted(t)
	run(t, root, "GRANT SELECT ON `billing`.`invoices` TO "+person)
	expect(t, rows(t, root, "SELECT grantee, table_schema, privilege_type, is_grantable FROM information_schema.schema_privileges"),
		person+"|shop|SELECT|NO", person+"|shop|SHOW VIEW|NO")
	expect(t, rows(t, root, "SELECT table_schema, table_name, privilege_type, is_grantable FROM information_schema.table_privileges"),
		"billing|invoices|SELECT|NO")
	expect(t, rows(t, root, "SHOW GRANTS FOR "+person),
		"GRANT USAGE ON *.* TO `taro.yamada`@`127.0.0.5`",
		"GRANT SELECT ON `billing`.`invoices` TO `taro.yamada`@`127.0.0.5`",
		"GRANT SELECT, SHOW VIEW ON `shop`.* TO `taro.yamada`@`127.0.0.5`")
	expect(t, rows(t, root, "SELECT host, db, user, select_priv, insert_priv FROM mysql.db"), "127.0.0.5|shop|taro.yamada|Y|N")
	expect(t, rows(t, root, "SELECT host, db, user, table_name, table_priv FROM mysql.tables_priv"), "127.0.0.5|billing|taro.yamada|invoices|Select")
	expect(t, rows(t, root, "SELECT user FROM mysql.procs_priv"))
}

// MySQL shows an account without global privileges as one row, USAGE.
func TestUserPrivilegesShowNoRowForUsage(t *testing.T) {
	t.Parallel()
	_, root := granted(t)
	expect(t, rows(t, root, "SELECT * FROM information_schema.user_privileges WHERE grantee = '''taro.yamada''@''127.0.0.5'''"))
}

func TestColumnPrivilegesDoNotExist(t *testing.T) {
	t.Parallel()
	_, root := granted(t)
	expect(t, rows(t, root, "SELECT * FROM information_schema.column_privileges"))
	for query, want := range map[string]uint16{
		"SELECT * FROM mysql.columns_priv":                    1146,
		"GRANT SELECT (`id`) ON `shop`.`orders` TO " + person: 1105,
	} {
		if _, err := tryRows(t, root, query); numberOf(t, err) != want {
			t.Errorf("%s: %v, want %d", query, err, want)
		}
	}
}

// So @@partial_revokes is on: a name must not be escaped.
func TestDatabaseNamesInGrantsAreLiteral(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	run(t, root, "CREATE DATABASE app_db", "CREATE TABLE app_db.s (a INT)", "CREATE DATABASE appXdb", "CREATE TABLE appXdb.s (a INT)",
		"GRANT SELECT ON `app_db`.* TO "+person)
	me := as(t, s, "taro.yamada", "secret", bastion)
	rows(t, me, "SELECT * FROM app_db.s")
	if _, err := tryRows(t, me, "SELECT * FROM appXdb.s"); numberOf(t, err) != 1044 {
		t.Errorf("_ is a wildcard: %v", err)
	}
	run(t, root, "REVOKE ALL PRIVILEGES, GRANT OPTION FROM "+person, "GRANT SELECT ON `app\\_db`.* TO "+person)
	if _, err := tryRows(t, me, "SELECT * FROM app_db.s"); numberOf(t, err) != 1044 {
		t.Errorf("an escaped name grants the unescaped database: %v", err)
	}
}

func TestAccountTableShowsLockAndAttribute(t *testing.T) {
	t.Parallel()
	_, root := granted(t)
	run(t, root, `CREATE USER 'x'@'%' IDENTIFIED BY 'x' REQUIRE SSL WITH MAX_USER_CONNECTIONS 10 ACCOUNT LOCK ATTRIBUTE '{"powerpole": "pp-01j"}'`)
	// ssl_type and max_user_connections are enforced but not shown.
	expect(t, rows(t, root, "SELECT account_locked, ssl_type, max_user_connections, user_attributes FROM mysql.user WHERE user = 'x'"),
		`Y||0|{"metadata": {"powerpole": "pp-01j"}}`)
	run(t, root, "ALTER USER 'x'@'%' ACCOUNT UNLOCK")
	expect(t, rows(t, root, "SELECT account_locked FROM mysql.user WHERE user = 'x'"), "N")
}

// The administrator's own row is there to be seen, under its host pattern.
func TestAdministratorSeesItself(t *testing.T) {
	t.Parallel()
	_, root := granted(t)
	expect(t, rows(t, root, "SELECT user, host FROM mysql.user ORDER BY user"), "powerpole|%", "taro.yamada|127.0.0.5")
	// CURRENT_USER() is not the account as with MySQL but USER().
	expect(t, rows(t, root, "SELECT USER(), CURRENT_USER()"), "powerpole@127.0.0.1|powerpole@127.0.0.1")
	expect(t, rows(t, root, "SELECT privilege_type, is_grantable FROM information_schema.user_privileges WHERE grantee = '''powerpole''@''%''' AND privilege_type IN ('PROCESS', 'CREATE USER', 'SUPER') ORDER BY 1"),
		"CREATE USER|YES", "PROCESS|YES", "SUPER|YES")
}

func TestNamedLocks(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	me := as(t, s, "taro.yamada", "secret", bastion)
	mine, err := me.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	var id, got string
	if err := mine.QueryRowContext(t.Context(), "SELECT CONNECTION_ID(), GET_LOCK('name', 1)").Scan(&id, &got); err != nil || got != "1" {
		t.Fatalf("GET_LOCK: %q, %v", got, err)
	}
	expect(t, rows(t, root, "SELECT IS_USED_LOCK('name'), GET_LOCK('name', 0)"), id+"|0")
	run(t, root, "KILL "+id)
	waitUntil(t, func() bool { return rows(t, root, "SELECT GET_LOCK('name', 0)")[0][0] == "1" })
}

func TestNothingIsEverPreparedOrInATransactionTable(t *testing.T) {
	t.Parallel()
	root := admin(t, start(t, Options{}))
	expect(t, rows(t, root, "XA RECOVER"))
	expect(t, rows(t, root, "SELECT * FROM information_schema.innodb_trx"))
	if _, err := tryRows(t, root, "XA START 'x'"); numberOf(t, err) != 1064 {
		t.Errorf("XA START: %v, want 1064", err)
	}
}

// A definer is told unquoted, and DROP USER does not mind one, as with MariaDB.
func TestViewsNameTheirDefiner(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	run(t, root, "GRANT SELECT, CREATE VIEW, DROP ON shop.* TO "+person)
	run(t, as(t, s, "taro.yamada", "secret", bastion), "CREATE VIEW shop.mine AS SELECT id FROM shop.orders")
	query := "SELECT table_schema, table_name, definer FROM information_schema.views"
	expect(t, rows(t, root, query), "shop|mine|taro.yamada@127.0.0.5")
	run(t, root, "DROP USER "+person)
	expect(t, rows(t, root, query), "shop|mine|taro.yamada@127.0.0.5")
	run(t, root, "CREATE TRIGGER shop.tidy BEFORE INSERT ON shop.products FOR EACH ROW SET NEW.stock = 0")
	expect(t, rows(t, root, "SELECT trigger_name, definer FROM information_schema.triggers"), "tidy|powerpole@%")
	for _, q := range []string{"routines", "events"} {
		expect(t, rows(t, root, "SELECT definer FROM information_schema."+q))
	}
}

func TestStatementsThatDoNotExist(t *testing.T) {
	t.Parallel()
	_, root := granted(t)
	for query, want := range map[string]uint16{
		"SET PASSWORD FOR " + person + " = 'x'":                1064,
		"SHOW CREATE USER " + person:                           1064,
		"ALTER USER USER() IDENTIFIED BY 'x'":                  1064,
		"SET PASSWORD = 'x'":                                   1105,
		"SHOW GRANTS FOR PUBLIC":                               1141,
		"RENAME USER " + person + " TO 'taro'@'%'":             1105,
		"GRANT CONNECTION_ADMIN ON *.* TO " + person:           1105,
		"SELECT * FROM performance_schema.threads":             1049,
		"SELECT * FROM information_schema.replica_host_status": 1146,
		"CALL mysql.rds_kill(1)":                               1105,
	} {
		if _, err := tryRows(t, root, query); numberOf(t, err) != want {
			t.Errorf("%s: %v, want %d", query, err, want)
		}
	}
}

// MySQL shows one's own sessions to anybody, and only those.
func TestProcessListForPeopleWithoutProcess(t *testing.T) {
	t.Parallel()
	s, _ := granted(t)
	me := as(t, s, "taro.yamada", "secret", bastion)
	if _, err := tryRows(t, me, "SHOW PROCESSLIST"); numberOf(t, err) != 1227 {
		t.Errorf("SHOW PROCESSLIST: %v, want 1227", err)
	}
	expect(t, rows(t, me, "SELECT user FROM information_schema.processlist ORDER BY user"), "powerpole", "taro.yamada")
}

func TestSampleDataIsTheSameAtEveryStart(t *testing.T) {
	t.Parallel()
	a, b := admin(t, start(t, Options{})), admin(t, start(t, Options{}))
	for _, q := range []string{"shop.customers", "shop.products", "shop.orders", "shop.order_items", "billing.cards", "billing.invoices", "billing.payments"} {
		query := "SELECT * FROM " + q + " ORDER BY id"
		x, y := rows(t, a, query), rows(t, b, query)
		if len(x) < 20 || fmt.Sprint(x) != fmt.Sprint(y) {
			t.Errorf("%s: %d and %d rows, or different ones", q, len(x), len(y))
		}
	}
	// The schemas agree with each other.
	expect(t, rows(t, a, "SELECT COUNT(*) FROM billing.invoices i JOIN shop.orders o ON o.id = i.order_id WHERE i.amount <> o.total"), "0")
	expect(t, rows(t, a, "SELECT COUNT(*) FROM shop.orders o WHERE o.total <> (SELECT SUM(quantity * price) FROM shop.order_items WHERE order_id = o.id)"), "0")
}

// Run with -race.
func TestPeopleWriteAndReadTheSameTable(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	run(t, root, "GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO "+person)
	me := as(t, s, "taro.yamada", "secret", bastion)
	me.SetMaxOpenConns(2)
	var all sync.WaitGroup
	for i := range 2 {
		all.Go(func() {
			for j := range 20 {
				id := 1000 + i*100 + j
				run(t, me, fmt.Sprintf("INSERT INTO shop.products VALUES (%d, 'x', 'x', 1, 1)", id))
				rows(t, root, "SELECT SUM(price) FROM shop.products")
				run(t, me, fmt.Sprintf("UPDATE shop.products SET price = 2 WHERE id = %d", id), fmt.Sprintf("DELETE FROM shop.products WHERE id = %d", id))
			}
		})
	}
	all.Wait()
}
