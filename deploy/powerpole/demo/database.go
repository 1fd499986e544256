package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/powerpole/powerpole/deploy/local/mysql"
)

// database is the server that leases are on: the embedded one, or a real one.
type database struct {
	embedded       *mysql.Server // nil for a real one
	address        string
	user, password string
	tls            bool
}

// openDatabase starts the embedded server on the listener, or checks that the
// one of the DSN answers.
func openDatabase(ctx context.Context, dsn string, l net.Listener) (*database, error) {
	if dsn == "" {
		server, err := mysql.New(mysql.Options{Listener: l})
		if err != nil {
			return nil, fmt.Errorf("starting the embedded database: %w", err)
		}
		user, password := server.Admin()
		return &database{embedded: server, address: l.Addr().String(), user: user, password: password, tls: true}, nil
	}
	cfg, err := mysqldriver.ParseDSN(dsn)
	if err != nil {
		return nil, errors.New("reading --mysql-dsn: it is not USER:PASSWORD@tcp(HOST:PORT)/")
	}
	if host, _, err := net.SplitHostPort(cfg.Addr); cfg.Net != "tcp" || err != nil || !loopback(host) {
		return nil, fmt.Errorf("reading --mysql-dsn: %s(%s) is not tcp on this machine, and bastions have addresses of 127.0.0.0/8", cfg.Net, cfg.Addr)
	}
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return nil, fmt.Errorf("opening the database at %s: %w", cfg.Addr, err)
	}
	defer db.Close()
	if err := mysql.FillSamples(ctx, db); err != nil {
		return nil, fmt.Errorf("filling the database at %s: %w", cfg.Addr, err)
	}
	return &database{address: cfg.Addr, user: cfg.User, password: cfg.Passwd}, nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

// dial connects from a bastion's address: over TCP where this machine has all
// of 127.0.0.0/8, in process otherwise.
func (d *database) dial(ctx context.Context, from netip.Addr) (net.Conn, error) {
	if runtime.GOOS != "linux" && d.embedded != nil {
		return d.embedded.Dial(ctx, from)
	}
	dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))}
	return dialer.DialContext(ctx, "tcp", d.address)
}

func (d *database) close() error {
	if d.embedded == nil {
		return nil
	}
	return d.embedded.Close()
}
