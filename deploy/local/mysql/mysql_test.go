package mysql

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/netip"
	"testing"

	driver "github.com/go-sql-driver/mysql"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t testing.TB, opts Options) *Server {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing the server: %v", err)
		}
	})
	return s
}

// as opens a pool of connections that come from remote.
func as(t testing.TB, s *Server, user, password, remote string) *sql.DB {
	t.Helper()
	return pool(t, s, user, password, remote, "")
}

func pool(t testing.TB, s *Server, user, password, remote, database string) *sql.DB {
	t.Helper()
	cfg := driver.NewConfig()
	cfg.User, cfg.Passwd, cfg.DBName = user, password, database
	cfg.TLS = s.ClientTLS()
	return open(t, cfg, s, remote)
}

func open(t testing.TB, cfg *driver.Config, s *Server, remote string) *sql.DB {
	t.Helper()
	cfg.Logger = &driver.NopLogger{}
	from := netip.MustParseAddr(remote)
	cfg.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return s.Dial(ctx, from) }
	connector, err := driver.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

func admin(t testing.TB, s *Server) *sql.DB {
	t.Helper()
	user, password := s.Admin()
	return as(t, s, user, password, "127.0.0.1")
}

func run(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, q := range statements {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

// number of the error a statement gives; 0 if none.
func numberOf(t testing.TB, err error) uint16 {
	t.Helper()
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[*driver.MySQLError](err); ok {
		return e.Number
	}
	t.Fatalf("not the server's error: %v", err)
	return 0
}

// rows are the results of a query as text; NULL is "NULL".
func rows(t testing.TB, db *sql.DB, query string) [][]string {
	t.Helper()
	found, err := tryRows(t, db, query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return found
}

func tryRows(t testing.TB, db *sql.DB, query string) (all [][]string, err error) {
	t.Helper()
	rs, err := db.QueryContext(t.Context(), query)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	columns, err := rs.Columns()
	if err != nil {
		return nil, err
	}
	for rs.Next() {
		raw, targets := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range raw {
			targets[i] = &raw[i]
		}
		if err := rs.Scan(targets...); err != nil {
			return nil, err
		}
		row := make([]string, len(columns))
		for i, v := range raw {
			row[i] = "NULL"
			if v.Valid {
				row[i] = v.String
			}
		}
		all = append(all, row)
	}
	return all, rs.Err()
}
