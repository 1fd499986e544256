package visitor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
)

// Connect logs in with a real client from an address of this machine, over TLS
// where the server has an authority.
func Connect(ctx context.Context, db demo.Database, l Login, from netip.Addr) (*sql.Conn, func(), error) {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr, cfg.DBName = l.User, l.Password, "tcp", db.Address, "shop"
	cfg.Timeout = 5 * time.Second
	cfg.Logger = quiet{}
	if db.CA != "" {
		secured, err := trust(db)
		if err != nil {
			return nil, nil, err
		}
		cfg.TLS = secured
	}
	cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))}
		return d.DialContext(ctx, network, addr)
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, nil, fmt.Errorf("connecting from %s: %w", from, err)
	}
	pool := sql.OpenDB(connector)
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("connecting from %s: %w", from, err), pool.Close())
	}
	return conn, func() { _ = conn.Close(); _ = pool.Close() }, nil
}

func trust(db demo.Database) (*tls.Config, error) {
	pem, err := os.ReadFile(db.CA)
	if err != nil {
		return nil, fmt.Errorf("reading the database's authority: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: roots, ServerName: db.ServerName, MinVersion: tls.VersionTLS12}, nil
}

// Number is the MySQL error number of err, 0 where it is none.
func Number(err error) uint16 {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}

// Loopback is where the administrator connects from.
var Loopback = netip.MustParseAddr("127.0.0.1")

type quiet struct{}

func (quiet) Print(...any) {}
