package accttest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// RealServers starts OwnServers, and adds any other by POWERPOLE_TEST_DSN, a
// superuser's data source name (go-sql-driver); tests make databases and
// accounts on it.
func RealServers() (servers []*Server, stop func(), err error) {
	return startAll(named, presentMariaDB, presentMySQL) // a name that is wrong is said before any is started
}

// OwnServers starts every real server that is there: MariaDB where its binary
// is, MySQL where POWERPOLE_TEST_MYSQL_ROOT names a root with it. Where
// POWERPOLE_TEST_MARIADB or POWERPOLE_TEST_MYSQL is "required", its absence is
// an error. They can be killed and started again.
func OwnServers() (servers []*Server, stop func(), err error) {
	return startAll(presentMariaDB, presentMySQL)
}

func startAll(starts ...func() (*Server, func(), error)) (servers []*Server, stop func(), err error) {
	var ends []func()
	stop = func() {
		for _, end := range ends {
			end()
		}
	}
	for _, start := range starts {
		s, end, err := start()
		if err != nil {
			stop()
			return nil, nil, err
		}
		if s != nil {
			servers, ends = append(servers, s), append(ends, end)
		}
	}
	return servers, stop, nil
}

func presentMariaDB() (*Server, func(), error) {
	if _, err := os.Stat(mariadbd); err != nil {
		return nil, nil, absent("POWERPOLE_TEST_MARIADB", err)
	}
	return MariaDB()
}

func presentMySQL() (*Server, func(), error) {
	root := os.Getenv("POWERPOLE_TEST_MYSQL_ROOT")
	if _, err := os.Stat(filepath.Join(root, mysqld)); root == "" || err != nil {
		return nil, nil, absent("POWERPOLE_TEST_MYSQL", errors.Join(errors.New("looking for MySQL in POWERPOLE_TEST_MYSQL_ROOT"), err))
	}
	return MySQL(root)
}

// absent is err where the variable requires the server.
func absent(variable string, err error) error {
	if os.Getenv(variable) == "required" {
		return fmt.Errorf("starting a server that %s requires: %w", variable, err)
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// realServer is reached over TCP from any address of 127.0.0.0/8.
func realServer(name, address string, ca []byte) *Server {
	dial := func(ctx context.Context, from netip.Addr) (net.Conn, error) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: from.AsSlice()}}
		return d.DialContext(ctx, "tcp", address)
	}
	secured := &tls.Config{RootCAs: pool(ca), ServerName: "localhost", MinVersion: tls.VersionTLS12}
	adminDial := func(ctx context.Context, _ string) (net.Conn, error) {
		return dial(ctx, netip.MustParseAddr("127.0.0.1"))
	}
	return &Server{
		Name: name, Real: true, CA: ca, ServerName: "localhost", secured: secured, dial: dial,
		Target: mysqlacct.Target{
			Address: address, User: "powerpole", Password: secret.New("Aa1-" + rand.Text()), TLS: secured, Dial: adminDial,
		},
		root: mysqlacct.Target{User: "root", Dial: adminDial},
	}
}

// arrange makes the schemas, and exactly the administrator of deploy/sql.
func (s *Server) arrange(script string) error {
	db, err := s.open(s.root, netip.MustParseAddr("127.0.0.1"), "")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	admin, err := s.administrator(script)
	if err != nil {
		return err
	}
	for _, name := range databases() {
		if err := execAll(db, []string{"CREATE DATABASE " + name}); err != nil {
			return err
		}
	}
	return execAll(db, append([]string{
		"CREATE TABLE shop.orders (id INT PRIMARY KEY, item VARCHAR(50), customer_id INT)", "INSERT INTO shop.orders VALUES (1, 'tea', 1)",
		"CREATE TABLE billing.invoices (id INT PRIMARY KEY)", "INSERT INTO billing.invoices VALUES (1)",
		"CREATE TABLE app_db.s (id INT)", "CREATE TABLE appXdb.s (id INT)",
		"CREATE TABLE definers.t (id INT PRIMARY KEY)",
	}, admin...))
}

// databases are those that arrange makes.
func databases() []string { return []string{"shop", "billing", "app_db", "appXdb", "definers"} }

// administrator are the statements of deploy/sql: for this server's host and
// password, and its line for a database once for each. On `definers` it has, as
// the script says, what a custom role gives too.
func (s *Server) administrator(script string) (statements []string, err error) {
	_, here, _, _ := runtime.Caller(0)
	b, err := os.ReadFile(filepath.Join(filepath.Dir(here), "../../../../deploy/sql", script))
	if err != nil {
		return nil, err
	}
	text := strings.NewReplacer("10.0.0.0/255.255.255.0", "127.0.0.1", "CHANGE-ME", s.Target.Password.Reveal()).Replace(string(b))
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(strings.TrimSpace(line), ";")
		if line == "" || strings.HasPrefix(line, "--") {
			continue
		}
		statements = append(statements, line)
		if strings.Contains(line, "`shop`.*") {
			for _, d := range []string{"billing", `app\_db`} {
				statements = append(statements, strings.Replace(line, "`shop`", "`"+d+"`", 1))
			}
			custom := strings.Replace(line, "`shop`", "`definers`", 1)
			statements = append(statements, strings.Replace(custom, "GRANT SELECT", "GRANT CREATE VIEW, TRIGGER, CREATE ROUTINE, ALTER ROUTINE, EXECUTE, EVENT, SELECT", 1))
		}
	}
	return statements, nil
}

func execAll(db *sql.DB, statements []string) error {
	for _, q := range statements {
		if _, err := db.Exec(q); err != nil {
			return fmt.Errorf("arranging a server: %.60s: %w", q, err)
		}
	}
	return nil
}

// GeneralLog is what the server has written to its general log, "" for one that
// keeps none.
func (s *Server) GeneralLog() (string, error) {
	if s.generalLog == "" {
		return "", nil
	}
	b, err := os.ReadFile(s.generalLog)
	return string(b), err
}
