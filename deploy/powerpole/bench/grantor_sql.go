package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/secret"
)

// openDatabase opens what statements are sent bare over.
func (r *grantorRig) openDatabase(ctx context.Context) error {
	db, err := r.open(credential.Credential{User: r.db.Target.User, Password: r.db.Target.Password}, netip.Addr{})
	if err != nil {
		return err
	}
	r.ends = append(r.ends, db.Close)
	r.admin, err = db.Conn(ctx)
	return err
}

// open opens one connection, from that address where there is one.
func (r *grantorRig) open(as credential.Credential, from netip.Addr) (*sql.DB, error) {
	authority := x509.NewCertPool()
	if !authority.AppendCertsFromPEM(r.db.CA) {
		return nil, errors.New("reading the server's authority: there is no certificate")
	}
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Logger = as.User, as.Password.Reveal(), &mysql.NopLogger{}
	cfg.Net, cfg.Addr = "tcp", r.db.Target.Address
	cfg.TLS = &tls.Config{RootCAs: authority, ServerName: r.db.ServerName, MinVersion: tls.VersionTLS12}
	if from.IsValid() {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: from.AsSlice()}}
		cfg.DialFunc = dialer.DialContext
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db, nil
}

// logged is how long the server's log of statements is by now.
func (r *grantorRig) logged() int {
	text, err := r.db.GeneralLog()
	if err != nil {
		return 0
	}
	return len(text)
}

var query = regexp.MustCompile(`^.*?\d+ Query\t(.*)$`)

// statements are those that the server has logged since, without what is of one
// connection only.
func (r *grantorRig) statements(since int) (all []string, err error) {
	text, err := r.db.GeneralLog()
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(text[since:]) {
		if m := query.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil && !strings.HasPrefix(m[1], "KILL ") {
			all = append(all, m[1])
		}
	}
	if len(all) < 10 {
		return nil, fmt.Errorf("reading the server's log: there are %d statements", len(all))
	}
	return all, nil
}

// bare sends the first lease's statements for an account of its own, one after
// the other over one connection, and takes the time.
func (r *grantorRig) bare(ctx context.Context, statements []string, i int) (time.Duration, error) {
	own := strings.NewReplacer(name(0), fmt.Sprintf("bare%04d", i))
	begun := time.Now()
	for _, q := range statements {
		rows, err := r.admin.QueryContext(ctx, own.Replace(q))
		if err != nil {
			return 0, fmt.Errorf("sending %.40q: %w", q, err)
		}
		for rows.Next() {
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return 0, fmt.Errorf("sending %.40q: %w", q, err)
		}
	}
	return time.Since(begun), nil
}

// connect has everybody log in with what their secret says and stay. It returns
// how many are there.
func (r *grantorRig) connect(ctx context.Context, all []*benchLease) (int, error) {
	for _, l := range all {
		value, err := secret.Load(ctx, "secretsmanager:"+credential.Name(l.id), r.secrets)
		if err != nil {
			return 0, err
		}
		c, err := credential.Decode(value)
		if err != nil {
			return 0, err
		}
		db, err := r.open(c, l.address)
		if err != nil {
			return 0, err
		}
		r.ends = append(r.ends, db.Close)
		if err := db.PingContext(ctx); err != nil {
			return 0, fmt.Errorf("logging in as %s: %w", c.User, err)
		}
	}
	return r.live(ctx)
}

// live is how many people are connected.
func (r *grantorRig) live(ctx context.Context) (n int, err error) {
	err = r.admin.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER LIKE 'lease%'").Scan(&n)
	return n, err
}
