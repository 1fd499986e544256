package accttest

import (
	"context"
	"errors"
	"io"
	"net"
	"regexp"
	"sync"
	"sync/atomic"

	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// Rewrite is a way to a server on which statements become others: how a server
// that cannot be had, as Aurora, is played by one that can. It sees what is
// sent, so the connection is without TLS.
type Rewrite struct {
	// To is where connections lead; it may be changed between two of them.
	To *Server
	// Rules turn what matches into the template, in order.
	Rules []Rule
	// Before is called with each statement before it goes on.
	Before func(statement string)

	mu         sync.Mutex
	statements []string
}

// Rule is one rule of a Rewrite.
type Rule struct {
	Match   *regexp.Regexp
	Replace string
}

// Target is the superuser's way through it.
func (r *Rewrite) Target() mysqlacct.Target {
	t := r.To.root
	t.Address, t.TLS, t.Dial = "rewritten.cluster-x1.us-east-1.rds.amazonaws.com:3306", nil, r.Dial
	return t
}

// Statements are those that were sent, as they came.
func (r *Rewrite) Statements() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.statements...)
}

// Dial opens a connection through it.
func (r *Rewrite) Dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := r.To.root.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	return &rewritten{Conn: conn, r: r}, nil
}

type rewritten struct {
	net.Conn
	r *Rewrite
}

const comQuery = 3 // MySQL: Client/Server Protocol, COM_QUERY

// Write takes one packet, as the driver writes them: three bytes of length, the
// number, the command.
func (c *rewritten) Write(p []byte) (int, error) {
	if len(p) < 5 || p[3] != 0 || p[4] != comQuery {
		return c.Conn.Write(p)
	}
	statement := string(p[5:])
	c.r.mu.Lock()
	c.r.statements = append(c.r.statements, statement)
	c.r.mu.Unlock()
	if c.r.Before != nil {
		c.r.Before(statement)
	}
	for _, rule := range c.r.Rules {
		if rule.Match.MatchString(statement) {
			statement = rule.Match.ReplaceAllString(statement, rule.Replace)
			break
		}
	}
	n := len(statement) + 1
	packet := append([]byte{byte(n), byte(n >> 8), byte(n >> 16), 0, comQuery}, statement...)
	if wrote, err := c.Conn.Write(packet); err != nil {
		return 0, errors.Join(err, short(wrote, len(packet)))
	}
	return len(p), nil
}

func short(wrote, want int) error {
	if wrote < want {
		return io.ErrShortWrite
	}
	return nil
}

// Swapping leads to one server until a statement says now: that connection ends
// before it is sent, and later ones lead to the other.
func Swapping(from, to *Rewrite, now func(statement string) bool) func(context.Context, string) (net.Conn, error) {
	var swapped atomic.Bool
	return func(ctx context.Context, address string) (net.Conn, error) {
		if swapped.Load() {
			return to.Dial(ctx, address)
		}
		conn, err := from.Dial(ctx, address)
		if err != nil {
			return nil, err
		}
		from.Before = func(statement string) {
			if now(statement) {
				swapped.Store(true)
				_ = conn.Close()
			}
		}
		return conn, nil
	}
}
