package smoke

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/deploy/powerpole/visitor"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/notifier"
)

// lease is what the requester was given, and their open connection.
type lease struct {
	login   visitor.Login
	granted event.Granted
	ready   event.InstanceReady
	conn    *sql.Conn
	close   func()
}

// directLogin waits for the direct message with the credentials.
func (r *run) directLogin(ctx context.Context) (l visitor.Login, err error) {
	err = visitor.Until(ctx, "the credentials", func() (bool, error) {
		m, err := r.directMessage(ctx)
		if err != nil {
			return false, err
		}
		l, err = visitor.ReadLogin(m, notifier.CredentialsBlock)
		return err == nil, nil
	})
	return l, err
}

// directMessage is the one of this request, the zero value where there is none.
func (r *run) directMessage(ctx context.Context) (slack.Message, error) {
	messages, err := r.slack.Messages(ctx, requester, "dm")
	for _, m := range messages {
		if strings.Contains(string(m.Blocks), r.result.RequestID) {
			return m, err
		}
	}
	return slack.Message{}, err
}

func (r *run) lease(ctx context.Context) (*lease, error) {
	l := &lease{close: func() {}}
	var err error
	if l.login, err = r.directLogin(ctx); err != nil {
		return nil, err
	}
	for typ, into := range map[string]any{"Granted": &l.granted, "InstanceReady": &l.ready} {
		s, err := r.tap.Wait(ctx, r.result.RequestID, typ)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(s.Detail.Data, into); err != nil {
			return nil, fmt.Errorf("reading %s: %w", typ, err)
		}
	}
	return l, nil
}

// use logs in from the bastion's address, and from no other, and tries what the
// lease is for.
func (r *run) use(ctx context.Context, l *lease) error {
	elsewhere := netip.MustParseAddr("127.0.0.1")
	if _, closeIt, err := visitor.Connect(ctx, r.Endpoints.Database, l.login, elsewhere); visitor.Number(err) != accessDenied {
		if err == nil {
			closeIt()
		}
		return fmt.Errorf("logging in from %s gave %v, want error %d", elsewhere, err, accessDenied)
	}
	r.step("%s from %s is refused (error %d)", l.login.User, elsewhere, accessDenied)
	var err error
	if l.conn, l.close, err = visitor.Connect(ctx, r.Endpoints.Database, l.login, l.ready.PrivateIP); err != nil {
		return err
	}
	return r.errand().try(r, ctx, l)
}

// end goes on using the open connection until it dies.
func (r *run) end(ctx context.Context, l *lease) error {
	if _, err := r.tap.Wait(ctx, r.result.RequestID, "Expiring"); err != nil {
		return err
	}
	r.step("Expiring, %.1f s before the end", time.Until(l.granted.ExpiresAt).Seconds())
	for {
		var one int
		err := l.conn.QueryRowContext(ctx, "SELECT 1").Scan(&one)
		if ctx.Err() != nil {
			return fmt.Errorf("waiting for the open connection to die: %w", context.Cause(ctx))
		}
		if err != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	r.result.PastEnd = time.Since(l.granted.ExpiresAt)
	if r.result.PastEnd < 0 {
		return fmt.Errorf("the open connection died %s before the end", -r.result.PastEnd)
	}
	r.step("the open connection dies %d ms after the end", r.result.PastEnd.Milliseconds())
	if _, closeIt, err := visitor.Connect(ctx, r.Endpoints.Database, l.login, l.ready.PrivateIP); err == nil {
		closeIt()
		return errors.New("the account can still log in after its connection was cut")
	}
	r.step("the account can no longer log in")
	return nil
}
