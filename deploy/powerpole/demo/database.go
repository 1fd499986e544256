package demo

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/powerpole/powerpole/deploy/local/mysql"
)

// database is the server that leases are on: the embedded one, or a real one.
type database struct {
	embedded       *mysql.Server // nil for a real one
	address        string
	user, password string
	// tls trusts the server's authority; nil without TLS. ca is that authority.
	tls        *tls.Config
	ca         []byte
	serverName string
}

// DSNVariable is the environment variable with the DSN of a real server.
const DSNVariable = "POWERPOLE_MYSQL_DSN"

// Server names a real server.
type Server struct {
	// DSN is in go-sql-driver/mysql's form. Its account is PowerPole's
	// administrator (deploy/sql).
	DSN string
	// CA is the path of the PEM file with the authority that signed the
	// server's certificate; without it TLS is off. ServerName is the name in
	// that certificate, the DSN's host where empty.
	CA, ServerName string
}

// openDatabase starts the embedded server on the listener, or checks that the
// one that is named answers.
func openDatabase(ctx context.Context, named Server, l net.Listener) (*database, error) {
	if named.DSN != "" {
		return openReal(ctx, named)
	}
	server, err := mysql.New(mysql.Options{Listener: l})
	if err != nil {
		return nil, fmt.Errorf("starting the embedded database: %w", err)
	}
	user, password := server.Admin()
	host, _, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return nil, err
	}
	return &database{
		embedded: server, address: l.Addr().String(), user: user, password: password,
		tls: server.ClientTLS(), ca: server.CA(), serverName: host,
	}, nil
}

func openReal(ctx context.Context, named Server) (*database, error) {
	cfg, err := mysqldriver.ParseDSN(named.DSN)
	if err != nil {
		return nil, errors.New("reading " + DSNVariable + ": it is not USER:PASSWORD@tcp(HOST:PORT)/")
	}
	host, _, err := net.SplitHostPort(cfg.Addr)
	if cfg.Net != "tcp" || err != nil || !loopback(host) {
		return nil, fmt.Errorf("reading "+DSNVariable+": %s(%s) is not tcp on this machine, and bastions have addresses of 127.0.0.0/8", cfg.Net, cfg.Addr)
	}
	d := &database{address: cfg.Addr, user: cfg.User, password: cfg.Passwd, serverName: cmp.Or(named.ServerName, host)}
	if err := d.trust(named.CA); err != nil {
		return nil, err
	}
	cfg.TLS = d.tls
	connector, err := mysqldriver.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("opening the database at %s: %w", cfg.Addr, err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	if err := mysql.FillSamples(ctx, db); err != nil {
		return nil, fmt.Errorf("filling the database at %s: %w", cfg.Addr, err)
	}
	return d, nil
}

// trust reads the server's authority, if there is one.
func (d *database) trust(path string) (err error) {
	if path == "" {
		return nil
	}
	if d.ca, err = os.ReadFile(path); err != nil {
		return fmt.Errorf("reading --mysql-ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(d.ca) {
		return fmt.Errorf("reading --mysql-ca: there is no certificate in %s", path)
	}
	d.tls = &tls.Config{RootCAs: roots, ServerName: d.serverName, MinVersion: tls.VersionTLS12}
	return nil
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
