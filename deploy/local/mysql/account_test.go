package mysql

import (
	"crypto/tls"
	"database/sql"
	"testing"

	driver "github.com/go-sql-driver/mysql"
)

const (
	bastion = "127.0.0.5"
	person  = "'taro.yamada'@'127.0.0.5'"
)

// granted is a server on which taro.yamada may read shop from the bastion.
func granted(t testing.TB) (s *Server, root *sql.DB) {
	t.Helper()
	s = start(t, Options{})
	root = admin(t, s)
	run(t, root,
		"CREATE USER "+person+" IDENTIFIED BY 'secret' REQUIRE SSL WITH MAX_USER_CONNECTIONS 2",
		"GRANT SELECT, SHOW VIEW ON `shop`.* TO "+person)
	return s, root
}

func ping(t testing.TB, db *sql.DB) uint16 {
	t.Helper()
	return numberOf(t, db.PingContext(t.Context()))
}

func TestAccountWorksFromItsAddressOnly(t *testing.T) {
	t.Parallel()
	s, _ := granted(t)
	for remote, want := range map[string]uint16{bastion: 0, "127.0.0.6": 1045, "127.0.0.1": 1045} {
		if got := ping(t, as(t, s, "taro.yamada", "secret", remote)); got != want {
			t.Errorf("login from %s: error %d, want %d", remote, got, want)
		}
	}
	if got := ping(t, as(t, s, "taro.yamada", "wrong", bastion)); got != 1045 {
		t.Errorf("wrong password: error %d, want 1045", got)
	}
}

func TestLockedAccountCannotLogInUntilUnlocked(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	run(t, root, "ALTER USER "+person+" IDENTIFIED BY 'second' ACCOUNT LOCK")
	if got := ping(t, as(t, s, "taro.yamada", "second", bastion)); got != 1045 {
		t.Errorf("locked: error %d, want 1045", got)
	}
	run(t, root, "ALTER USER "+person+" ACCOUNT UNLOCK")
	if got := ping(t, as(t, s, "taro.yamada", "second", bastion)); got != 0 {
		t.Errorf("unlocked: error %d, want none", got)
	}
	if got := ping(t, as(t, s, "taro.yamada", "secret", bastion)); got != 1045 {
		t.Errorf("old password: error %d, want 1045", got)
	}
}

func TestLockDoesNotEndSessions(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	me := as(t, s, "taro.yamada", "secret", bastion)
	rows(t, me, "SELECT COUNT(*) FROM shop.orders")
	run(t, root, "ALTER USER IF EXISTS "+person+" ACCOUNT LOCK")
	rows(t, me, "SELECT COUNT(*) FROM shop.orders")
}

func TestCreateIfNotExistsLeavesThePassword(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	run(t, root, "CREATE USER IF NOT EXISTS "+person+" IDENTIFIED BY 'other' ACCOUNT LOCK")
	if got := ping(t, as(t, s, "taro.yamada", "secret", bastion)); got != 0 {
		t.Errorf("login with the old password: error %d", got)
	}
}

func TestRequireSSLRefusesPlainConnections(t *testing.T) {
	t.Parallel()
	s, _ := granted(t)
	cfg := driver.NewConfig()
	cfg.User, cfg.Passwd = "taro.yamada", "secret"
	if got := ping(t, open(t, cfg, s, bastion)); got != 1045 {
		t.Errorf("plain: error %d, want 1045", got)
	}
}

func TestClientVerifiesTheServerByItsAuthority(t *testing.T) {
	t.Parallel()
	s, other := start(t, Options{}), start(t, Options{})
	cfg := driver.NewConfig()
	cfg.User, cfg.Passwd = s.Admin()
	cfg.TLS = other.ClientTLS()
	err := open(t, cfg, s, bastion).PingContext(t.Context())
	if _, ok := err.(*tls.CertificateVerificationError); !ok {
		t.Errorf("with another authority: %v, want a verification error", err)
	}
}

func TestServerWithoutTLSRefusesAccountsThatRequireIt(t *testing.T) {
	t.Parallel()
	s := start(t, Options{NoTLS: true})
	root := admin(t, s)
	run(t, root, "CREATE USER "+person+" IDENTIFIED BY 'secret' REQUIRE SSL", "CREATE USER 'b'@'%' IDENTIFIED BY 'secret'")
	if got := ping(t, as(t, s, "taro.yamada", "secret", bastion)); got != 1045 {
		t.Errorf("REQUIRE SSL: error %d, want 1045", got)
	}
	if got := ping(t, as(t, s, "b", "secret", bastion)); got != 0 {
		t.Errorf("no REQUIRE: error %d", got)
	}
}

func TestConnectionLimitOfAnAccountIsKept(t *testing.T) {
	t.Parallel()
	s, _ := granted(t)
	a, b := as(t, s, "taro.yamada", "secret", bastion), as(t, s, "taro.yamada", "secret", bastion)
	rows(t, a, "SELECT 1")
	rows(t, b, "SELECT 1")
	if got := ping(t, as(t, s, "taro.yamada", "secret", bastion)); got != 1226 {
		t.Errorf("third connection: error %d, want 1226", got)
	}
}

func TestPrivilegesAreTheGrantedOnes(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	me := as(t, s, "taro.yamada", "secret", bastion)
	for query, want := range map[string]uint16{
		"SELECT COUNT(*) FROM shop.orders":                        0,
		"INSERT INTO shop.products VALUES (999, 'x', 'x', 1, 1)":  1142,
		"UPDATE shop.products SET price = 1":                      1142,
		"DELETE FROM shop.products":                               1142,
		"DROP TABLE shop.products":                                1142,
		"CREATE TEMPORARY TABLE shop.t (a INT)":                   1142,
		"SELECT * FROM billing.cards":                             1044,
		"USE billing":                                             1044,
		"SELECT user FROM mysql.user":                             1044,
		"CREATE USER 'x'@'%' IDENTIFIED BY 'x'":                   1227,
		"DROP USER 'powerpole'@'%'":                               1227,
		"ALTER USER 'powerpole'@'%' IDENTIFIED BY 'x'":            1227,
		"ALTER USER " + person + " ACCOUNT UNLOCK":                1227,
		"REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'powerpole'":    1227,
		"GRANT SELECT ON billing.* TO " + person:                  1142,
		"SET GLOBAL max_connections = 1":                          1227,
		"SET @@GLOBAL.max_connections = 1":                        1227,
		"SELECT 1 INTO OUTFILE '/tmp/never-written'":              1227,
		"SELECT LOAD_FILE('/etc/hostname')":                       1227,
		"LOAD DATA INFILE '/etc/hostname' INTO TABLE shop.orders": 1227,
		"XA RECOVER": 1401,
		"SELEKT":     1064,
		"ALTER USER " + person + " IDENTIFIED BY 'own'": 0, // as with MySQL
	} {
		_, err := tryRows(t, me, query)
		if got := numberOf(t, err); got != want {
			t.Errorf("%s: error %d, want %d", query, got, want)
		}
	}
	if got := rows(t, root, "SELECT COUNT(*) FROM shop.products")[0][0]; got != "20" {
		t.Errorf("products: %s, want 20", got)
	}
}

func TestRevokedPrivilegesBiteInTheNextStatement(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	me := as(t, s, "taro.yamada", "secret", bastion)
	rows(t, me, "SELECT COUNT(*) FROM shop.orders")
	run(t, root, "REVOKE ALL PRIVILEGES, GRANT OPTION FROM "+person)
	if _, err := tryRows(t, me, "SELECT COUNT(*) FROM shop.orders"); numberOf(t, err) != 1044 {
		t.Errorf("after REVOKE: %v, want 1044", err)
	}
	if got := rows(t, root, "SHOW GRANTS FOR "+person); len(got) != 1 || got[0][0] != "GRANT USAGE ON *.* TO `taro.yamada`@`127.0.0.5`" {
		t.Errorf("grants left: %v", got)
	}
}

func TestStatementsOnMissingAccountsNameTheAccountExactly(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	run(t, root, "CREATE USER 'everywhere'@'%' IDENTIFIED BY 'x'", "DROP USER IF EXISTS 'everywhere'@'127.0.0.9'")
	for query, want := range map[string]uint16{
		"CREATE USER " + person + " IDENTIFIED BY 'x'":                               1396,
		"DROP USER 'everywhere'@'127.0.0.9'":                                         1396,
		"ALTER USER 'everywhere'@'127.0.0.9' ACCOUNT LOCK":                           1396,
		"GRANT SELECT ON shop.* TO 'everywhere'@'127.0.0.9'":                         1410,
		"REVOKE SELECT ON shop.* FROM 'everywhere'@'127.0.0.9'":                      1141,
		"REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'everywhere'@'127.0.0.9'":          1269,
		"SHOW GRANTS FOR 'everywhere'@'127.0.0.9'":                                   1141,
		"CREATE USER 'abcdefghijklmnopqrstuvwxyz1234567'@'%' IDENTIFIED BY 'x'":      1470,
		"CREATE USER 'h'@'%' IDENTIFIED WITH mysql_native_password AS '*nothash'":    1827,
		"CREATE USER 'h'@'%' IDENTIFIED WITH authentication_ldap_simple BY 'x'":      1524,
		"CREATE USER 'h'@'%' IDENTIFIED BY RANDOM PASSWORD":                          1235,
		"ALTER USER IF EXISTS 'everywhere'@'127.0.0.9' IDENTIFIED BY 'x'":            0,
		"CREATE USER 'a'@'1.1.1.1' IDENTIFIED BY 'x', 'everywhere' IDENTIFIED BY ''": 1396,
	} {
		if _, err := root.ExecContext(t.Context(), query); numberOf(t, err) != want {
			t.Errorf("%s: %v, want %d", query, err, want)
		}
	}
	want := []string{"everywhere", "powerpole", "taro.yamada"}
	got := s.Accounts()
	if len(got) != len(want) {
		t.Fatalf("accounts: %+v, want %v", got, want)
	}
}

func TestHashedPasswordsLogIn(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	root := admin(t, s)
	run(t, root,
		// SHA1(SHA1('secret')), as MySQL's PASSWORD('secret') gave it.
		"CREATE USER 'hashed'@'%' IDENTIFIED WITH mysql_native_password AS '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7'",
		"CREATE USER 'sha2'@'%' IDENTIFIED WITH caching_sha2_password BY 'secret'")
	for _, user := range []string{"hashed", "sha2"} {
		if got := ping(t, as(t, s, user, "secret", bastion)); got != 0 {
			t.Errorf("%s: error %d", user, got)
		}
		if got := ping(t, as(t, s, user, "wrong", bastion)); got != 1045 {
			t.Errorf("%s with a wrong password: error %d, want 1045", user, got)
		}
	}
}

func TestDroppedAccountIsForgottenWithItsRules(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	run(t, root, "DROP USER IF EXISTS "+person, "CREATE USER "+person+" IDENTIFIED BY 'secret'")
	for _, a := range s.Accounts() {
		if a.User == "taro.yamada" && (a.RequireTLS || a.MaxConnections != 0) {
			t.Errorf("old rules on a new account: %+v", a)
		}
	}
}

func TestSeveralStatementsInOneKeepTheirOrder(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	cfg := driver.NewConfig()
	cfg.User, cfg.Passwd = s.Admin()
	cfg.TLS, cfg.MultiStatements = s.ClientTLS(), true
	root := open(t, cfg, s, bastion)
	run(t, root, "CREATE USER "+person+" IDENTIFIED BY 'a' ACCOUNT LOCK; GRANT SELECT ON shop.* TO "+person+"; ALTER USER "+person+" IDENTIFIED BY 'b' ACCOUNT UNLOCK")
	expect(t, rows(t, as(t, s, "taro.yamada", "b", bastion), "SELECT COUNT(*) FROM shop.orders"), "240")
	_, err := root.ExecContext(t.Context(), "SELECT 1; DROP USER 'nobody'@'%'; DROP USER "+person)
	if numberOf(t, err) != 1396 || len(s.Accounts()) != 2 {
		t.Errorf("after an error in the middle: %v, %d accounts", err, len(s.Accounts()))
	}
}

func TestAccountStatementsCannotBePrepared(t *testing.T) {
	t.Parallel()
	_, root := granted(t)
	for _, q := range []string{"DROP USER " + person, "REVOKE ALL PRIVILEGES, GRANT OPTION FROM " + person, "KILL 1"} {
		if _, err := root.PrepareContext(t.Context(), q); numberOf(t, err) != 1295 {
			t.Errorf("%s: %v, want 1295", q, err)
		}
	}
}
