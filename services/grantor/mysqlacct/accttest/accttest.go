// Package accttest has the database servers that the grantor's tests run
// against: the embedded one always, and MariaDB wherever its binary is. It is
// for tests only.
package accttest

import (
	"context"
	"crypto/tls"
	"database/sql"
	"fmt"
	"net"
	"net/netip"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"github.com/powerpole/powerpole/deploy/local/mysql"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// Server is a database server with the schemas shop and billing, and PowerPole's
// administrator on it.
type Server struct {
	Name string
	// Target is the administrator's way in.
	Target mysqlacct.Target
	// CA is the authority of the server's certificate, as PEM; ServerName the
	// name in that.
	CA         []byte
	ServerName string
	// Real says that it is no embedded server.
	Real bool
	// MariaDB says that it is one.
	MariaDB bool

	secured *tls.Config
	dial    func(ctx context.Context, from netip.Addr) (net.Conn, error)
	root    mysqlacct.Target
	// generalLog is the file that the server logs statements to.
	generalLog string
	// process is the server's, nil for one that is not ours.
	process *process
}

// Embedded starts the embedded server.
func Embedded() (*Server, func(), error) {
	s, err := mysql.New(mysql.Options{})
	if err != nil {
		return nil, nil, err
	}
	user, password := s.Admin()
	here := netip.MustParseAddr("127.0.0.1")
	target := mysqlacct.Target{
		Address: "embedded:3306", User: user, Password: secret.New(password), TLS: s.ClientTLS(),
		Dial: func(ctx context.Context, _ string) (net.Conn, error) { return s.Dial(ctx, here) },
	}
	return &Server{
		Name: "embedded", Target: target, CA: s.CA(), ServerName: s.ClientTLS().ServerName, secured: s.ClientTLS(),
		dial: s.Dial, root: target,
	}, func() { _ = s.Close() }, nil
}

// Login opens a pool of connections that come from the address, as a person's.
func (s *Server) Login(t testing.TB, user, password, from, database string) *sql.DB {
	t.Helper()
	return s.pool(t, mysqlacct.Target{User: user, Password: secret.New(password), TLS: s.secured}, from, database)
}

// Plain is Login without TLS.
func (s *Server) Plain(t testing.TB, user, password, from string) *sql.DB {
	t.Helper()
	return s.pool(t, mysqlacct.Target{User: user, Password: secret.New(password)}, from, "")
}

// Root is a pool of a superuser's connections, for arranging what PowerPole's
// administrator may not.
func (s *Server) Root(t testing.TB) *sql.DB {
	t.Helper()
	return s.pool(t, s.root, "127.0.0.1", "")
}

// Admin is a pool of PowerPole's administrator.
func (s *Server) Admin(t testing.TB) *sql.DB {
	t.Helper()
	return s.pool(t, s.Target, "127.0.0.1", "")
}

func (s *Server) pool(t testing.TB, as mysqlacct.Target, from, database string) *sql.DB {
	t.Helper()
	db, err := s.open(as, netip.MustParseAddr(from), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (s *Server) open(as mysqlacct.Target, from netip.Addr, database string) (*sql.DB, error) {
	cfg := driver.NewConfig()
	cfg.User, cfg.Passwd, cfg.DBName, cfg.TLS = as.User, as.Password.Reveal(), database, as.TLS
	cfg.Logger = &driver.NopLogger{}
	cfg.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return s.dial(ctx, from) }
	connector, err := driver.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// Connect is mysqlacct.Connect to the server, closed with the test.
func (s *Server) Connect(t testing.TB) *mysqlacct.Server {
	t.Helper()
	c, err := mysqlacct.Connect(t.Context(), s.Target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Exec runs statements that must succeed.
func Exec(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, q := range statements {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%.80s: %v", q, err)
		}
	}
}

// Rows counts the rows of a query.
func Rows(t testing.TB, db *sql.DB, query string, args ...any) (n int) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// Accounts is how many accounts have the name.
func (s *Server) Accounts(t testing.TB, user string) int {
	t.Helper()
	db := s.Root(t)
	defer func() { _ = db.Close() }()
	return Rows(t, db, fmt.Sprintf("SELECT Host FROM mysql.user WHERE User = '%s'", user))
}
