package accttest

import (
	"bytes"
	"context"
	"database/sql"
	"net"
	"net/netip"
	"sync"
	"testing"

	driver "github.com/go-sql-driver/mysql"
)

// Hesitant is somebody who logs in up to where the server has read the account
// and asks for the password, and stops there.
type Hesitant struct {
	goOn  func()
	ended chan error
}

// Hesitate begins to log in, without TLS, and returns when the server waits for
// the password.
func (s *Server) Hesitate(t testing.TB, user, password, from string) *Hesitant {
	t.Helper()
	reached, released := make(chan struct{}), make(chan struct{})
	h := &Hesitant{goOn: sync.OnceFunc(func() { close(released) }), ended: make(chan error, 1)}
	cfg := driver.NewConfig()
	cfg.User, cfg.Passwd, cfg.Logger = user, password, &driver.NopLogger{}
	cfg.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := s.dial(ctx, netip.MustParseAddr(from))
		return &hesitating{Conn: conn, reached: reached, released: released}, err
	}
	connector, err := driver.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	go func() { h.ended <- db.PingContext(context.WithoutCancel(t.Context())) }()
	t.Cleanup(func() { h.goOn(); _ = db.Close() })
	select {
	case <-reached:
	case err := <-h.ended:
		t.Fatalf("logging in as %s: the server asked for nothing: %v", user, err)
	}
	return h
}

// GoOn gives the password. It returns nil for who is let in.
func (h *Hesitant) GoOn() error {
	h.goOn()
	return <-h.ended
}

// hesitating holds back what the client writes second, the answer to what the
// server asks. For MariaDB to ask, its greeting is made to propose a way to log
// in that it does not have.
type hesitating struct {
	net.Conn
	greeted           bool
	writes            int
	reached, released chan struct{}
}

func (c *hesitating) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if at := bytes.Index(b[:n], []byte("mysql_native_password")); !c.greeted && at >= 0 {
		copy(b[at:], "caching_sha2_password") // of the same length
		c.greeted = true
	}
	return n, err
}

func (c *hesitating) Write(b []byte) (int, error) {
	if c.writes++; c.writes == 2 {
		close(c.reached)
		<-c.released
	}
	return c.Conn.Write(b)
}
