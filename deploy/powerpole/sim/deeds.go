package sim

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/powerpole/powerpole/deploy/local/aws/ssm"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
)

// patience is how long a person looks for a button that is not there yet.
const patience = 10 * time.Minute

// do does what the person does. Whether it works is not for them to say.
func (w *world) do(ctx context.Context, d Deed) {
	var err error
	switch d.Kind {
	case Ask:
		if err = w.ask(ctx, d.Who, reason(d.Request), d.Role, d.Length, d.Databases); err == nil {
			w.checks.asked(d)
		}
	case Approve:
		err = w.clicks(ctx, d, channel, event.Approve)
	case Deny:
		if err = w.clicks(ctx, d, channel, event.Deny); err == nil {
			err = w.explain(ctx, d.Who)
		}
	case Cancel:
		err = w.clicks(ctx, d, w.slack.DirectMessage(d.Who), event.Cancel)
	case Extend:
		err = w.extend(ctx, d)
	case Release:
		in := w.slack.DirectMessage(d.Who)
		if d.Who == approvers[0] || d.Who == approvers[1] {
			in = channel
		}
		err = w.clicks(ctx, d, in, event.Release)
	case Show:
		err = w.clicks(ctx, d, w.slack.DirectMessage(d.Who), slackui.ShowCredentials)
	case Use:
		err = w.use(ctx, d)
	case Home:
		err = w.slack.OpenHome(ctx, d.Who)
	case Forge:
		err = w.forge(ctx, d)
	case Leave:
		err = w.leave(ctx, d.Who)
	}
	w.note(d.String(), err)
}

// reason names a request in its own text.
func reason(request int) string { return fmt.Sprintf("request %d", request) }

// clicks clicks a button as often as the person does, as soon as it is there.
func (w *world) clicks(ctx context.Context, d Deed, in string, a event.Action) error {
	var ts, value string
	err := until(ctx, patience, 20*time.Second, func() error {
		id := w.seen.request(reason(d.Request))
		if id == "" {
			return errNotSeen
		}
		if ts, value = w.button(d.Who, in, id, a); ts == "" {
			return errNotSeen
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.checks.clicked(d, a)
	errs := make([]error, max(d.Times, 1))
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = w.slack.ClickButton(ctx, d.Who, in, ts, slackui.ActionID(a), value) })
	}
	all.Wait()
	return errs[0]
}

// leave deactivates somebody.
func (w *world) leave(ctx context.Context, who string) error {
	for _, u := range w.slack.Users() {
		if u.ID == who {
			u.Deleted = true
			w.checks.left(who)
			return w.slack.ChangeUser(ctx, u)
		}
	}
	return errNotSeen
}

// password is how a message shows one.
var password = regexp.MustCompile("`([A-Za-z0-9_-]{24})`")

// use starts a session on the bastion, logs in from there with what the message
// says, and works until the connection ends. Then the person tries to come back.
func (w *world) use(ctx context.Context, d Deed) error {
	var granted event.Granted
	var secret string
	var id string
	err := until(ctx, patience, 20*time.Second, func() error {
		id = w.seen.request(reason(d.Request))
		var ok bool
		if granted, ok = last[event.Granted](w.seen, id); !ok {
			return errNotSeen
		}
		for _, m := range w.slack.Messages(d.Who, w.slack.DirectMessage(d.Who)) {
			found := password.FindStringSubmatch(string(m.Blocks))
			if found != nil && strings.Contains(string(m.Blocks), granted.User) {
				secret = found[1]
				return nil
			}
		}
		return errNotSeen
	})
	if err != nil {
		return err
	}
	bastion, _ := last[event.InstanceReady](w.seen, id)
	err = w.work(ctx, d, granted, secret, bastion.InstanceID)
	return errors.Join(err, w.comeBack(ctx, d, bastion.InstanceID))
}

// reconnect is how long a person's terminal waits before it starts a session anew.
const reconnect = 20 * time.Second

// comeBack starts sessions again for some minutes. AWS lets the owner in for as
// long as there is the instance.
func (w *world) comeBack(ctx context.Context, d Deed, bastion string) error {
	for range 12 {
		if err := wait(ctx, reconnect); err != nil {
			return err
		}
		if err := w.gate.pass(ctx, stop{key: "person " + d.String(), dead: ctx, effect: true}); err != nil {
			return err
		}
		w.session(d.Who, bastion)
	}
	return nil
}

// session starts one of the person's on the bastion, unless there is one, and
// returns its end. It returns nil where none can start.
func (w *world) session(who, bastion string) (ended <-chan struct{}) {
	for _, s := range w.stack.SSM.Sessions() {
		if live, ok := w.stack.SSM.Session(s.ID); ok && s.Target == bastion && s.EndedAt.IsZero() {
			return live.Context().Done()
		}
	}
	started, err := w.stack.SSM.Start(ssm.Start{Target: bastion, Owner: "arn:aws:sts::000000000000:assumed-role/person/" + who})
	w.note("session of "+who+" on "+bastion, err)
	if err != nil {
		return nil
	}
	return started.Context().Done()
}

func (w *world) work(ctx context.Context, d Deed, g event.Granted, secret, bastion string) error {
	cfg := driver.NewConfig()
	cfg.User, cfg.Passwd, cfg.DBName, cfg.Logger = g.User, secret, g.Databases[0], &driver.NopLogger{}
	cfg.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return w.database.Dial(ctx, g.Host) }
	connector, err := driver.NewConnector(cfg)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	db.SetMaxOpenConns(1)
	for {
		if err := w.gate.pass(ctx, stop{key: "person " + d.String(), dead: ctx, effect: true}); err != nil {
			return err
		}
		ended := w.session(d.Who, bastion)
		if _, err := db.ExecContext(ctx, "SELECT 1"); err != nil {
			return err
		}
		select {
		case <-ended:
			if err := wait(ctx, reconnect); err != nil {
				return err
			}
		case <-time.After(5 * time.Minute):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
