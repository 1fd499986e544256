package main

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/powerpole/visitor"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/notifier"
)

// probe is what a client of one lease met, which held its connection open from
// the bastion's address.
type probe struct {
	request, user, password string
	// Connected is zero where it never got in; died is when its open
	// connection was seen to be dead; refused when a new login was refused.
	connected, died, refused time.Time
}

// The numbers of the errors by which a server refuses a login: of an account that
// is not there or is locked, and from a host that no account names.
const (
	accessDenied   = 1045 // ER_ACCESS_DENIED_ERROR
	hostNotAllowed = 1130 // ER_HOST_NOT_PRIVILEGED
	accountLocked  = 4151 // ER_ACCOUNT_HAS_BEEN_LOCKED (MariaDB)
)

// use logs in with what the direct message says, works until that is no longer
// possible, and tries to get in again until it is refused.
func (c *crowd) use(ctx context.Context, s story) {
	login, from, ok := c.credentials(ctx, s)
	if !ok {
		return
	}
	p := probe{request: s.id, user: login.User, password: login.Password}
	for p.refused.IsZero() && ctx.Err() == nil {
		c.session(ctx, login, from, &p)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probes = append(c.probes, p)
}

// credentials waits for the direct message; ok is false where none ever came.
func (c *crowd) credentials(ctx context.Context, s story) (l visitor.Login, from netip.Addr, ok bool) {
	for ctx.Err() == nil {
		now, _ := c.watch.story(s.id)
		ready, isReady := decoded[event.InstanceReady](now)
		for _, m := range c.messages(ctx, s.ask.Requester.User, dm) {
			if !strings.Contains(string(m.Blocks), s.id) {
				continue
			}
			l, err := visitor.ReadLogin(m, notifier.CredentialsBlock)
			if err == nil && isReady {
				return l, ready.PrivateIP, true
			}
		}
		if now.ended() {
			break
		}
		pause(ctx, 200*time.Millisecond)
	}
	return l, from, false
}

// session is one connection, from its login to its end.
func (c *crowd) session(ctx context.Context, l visitor.Login, from netip.Addr, p *probe) {
	conn, closeIt, err := visitor.Connect(ctx, c.database, l, from)
	switch number := visitor.Number(err); {
	case number == accessDenied, number == hostNotAllowed, number == accountLocked:
		p.refused = time.Now()
		return
	case err != nil:
		pause(ctx, 20*time.Millisecond)
		return
	}
	defer closeIt()
	if p.connected.IsZero() {
		p.connected = time.Now()
	}
	for pause(ctx, 20*time.Millisecond) {
		var one int
		if err := conn.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil && !errors.Is(err, context.Canceled) {
			p.died = time.Now()
			return
		}
	}
}
