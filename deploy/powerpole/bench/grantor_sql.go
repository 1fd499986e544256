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

// statements are those that the server has logged since.
func (r *grantorRig) statements(since int) (all []string, err error) {
	text, err := r.db.GeneralLog()
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(text[since:]) {
		if m := query.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			all = append(all, m[1])
		}
	}
	if len(all) < 10 {
		return nil, fmt.Errorf("reading the server's log: there are %d statements", len(all))
	}
	return all, nil
}

// bareName is the account that gets what the first lease's does.
func bareName(i int) string { return fmt.Sprintf("bare%04d", i) }

// bare sends the first lease's statements for an account of its own, one after
// the other over one connection, and takes the time of all and of DROP USER. What
// was killed is the connection of that number here.
func (r *grantorRig) bare(ctx context.Context, statements []string, i int, connection uint64) (all, drop time.Duration, err error) {
	own := strings.NewReplacer(name(0), bareName(i), "<secret>", "'"+r.first.Password.Reveal()+"'") // MySQL masks passwords in its log
	for _, q := range statements {
		if strings.HasPrefix(q, "KILL ") {
			q = fmt.Sprintf("KILL %d", connection)
		}
		begun := time.Now()
		if err := r.send(ctx, own.Replace(q)); err != nil {
			return 0, 0, fmt.Errorf("sending %.40q: %w", q, err)
		}
		took := time.Since(begun)
		if all += took; strings.HasPrefix(q, "DROP USER ") {
			drop += took
		}
	}
	return all, drop, nil
}

// noThread is what a server says to a KILL of a connection that is gone.
const noThread = 1094

// send sends one statement and reads its answer to the end.
func (r *grantorRig) send(ctx context.Context, q string) error {
	rows, err := r.admin.QueryContext(ctx, q)
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok && e.Number == noThread {
		return nil
	}
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return errors.Join(rows.Err(), rows.Close())
}

// credential is what the lease's secret says.
func (r *grantorRig) credential(ctx context.Context, l *benchLease) (credential.Credential, error) {
	value, err := secret.Load(ctx, "secretsmanager:"+credential.Name(l.id), r.secrets)
	if err != nil {
		return credential.Credential{}, err
	}
	return credential.Decode(value)
}

// login logs in and stays. It returns the connection's number.
func (r *grantorRig) login(ctx context.Context, as credential.Credential, from netip.Addr) (id uint64, err error) {
	db, err := r.open(as, from)
	if err != nil {
		return 0, err
	}
	r.ends = append(r.ends, db.Close)
	if err := db.QueryRowContext(ctx, "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		return 0, fmt.Errorf("logging in as %s: %w", as.User, err)
	}
	return id, nil
}

// connect has everybody log in with what their secret says and stay. It returns
// how many are there.
func (r *grantorRig) connect(ctx context.Context, all []*benchLease) (int, error) {
	for _, l := range all {
		c, err := r.credential(ctx, l)
		if err != nil {
			return 0, err
		}
		if _, err := r.login(ctx, c, l.address); err != nil {
			return 0, err
		}
	}
	_, live, err := r.left(ctx)
	return live, err
}

// left is how many accounts and connections of leases there are.
func (r *grantorRig) left(ctx context.Context) (accounts, connections int, err error) {
	err = r.admin.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM mysql.user WHERE User LIKE 'lease%'),
		(SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER LIKE 'lease%')`).Scan(&accounts, &connections)
	return accounts, connections, err
}
