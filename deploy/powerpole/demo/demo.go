// Package demo is the whole of PowerPole on one machine: the embedded stack
// (AWS, Slack, a database), everything that PowerPole needs in it, and the six
// services unchanged, which know none of this: only endpoints differ.
package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	localaws "github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/deploy/local/aws/ec2"
	"github.com/powerpole/powerpole/deploy/local/aws/ssm"
	"github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/pkg/bootstrap"
)

// Addresses are where the parts listen, host:port each. Port 0 takes any.
type Addresses struct {
	Page, AWS, Slack, Intake, Database string
}

// DefaultAddresses are those that the README names.
func DefaultAddresses() Addresses {
	return Addresses{
		Page: "127.0.0.1:8600", AWS: "127.0.0.1:8601", Slack: "127.0.0.1:8602", Intake: "127.0.0.1:8603", Database: "127.0.0.1:8604",
	}
}

// FreeAddresses are any that are free.
func FreeAddresses() Addresses {
	free := "127.0.0.1:0"
	return Addresses{Page: free, AWS: free, Slack: free, Intake: free, Database: free}
}

// Options say what to start.
type Options struct {
	Addresses Addresses
	// Database names a real server; the embedded one runs where it is zero.
	Database Server
	// NoServices leaves the six services to be started by somebody else with
	// the environment that Endpoints gives.
	NoServices bool
	// Boot, Agent and Shutdown are how long an instance takes to boot, its
	// agent to connect, and the instance to end.
	Boot, Agent, Shutdown time.Duration
	// SweepEvery is how often services sweep, in whole minutes; as in
	// production where it is 0.
	SweepEvery time.Duration
	// SchedulerPrecision is how exactly schedules fire: at their very moment
	// where zero, time.Minute as in AWS.
	SchedulerPrecision time.Duration
	// Observe, if set, is told of every call to the embedded AWS.
	Observe func(localaws.Call)
	// Log takes the lines of the services; nothing where nil.
	Log *slog.Logger
}

// Demo is what is running.
type Demo struct {
	// AWS and Slack are the embedded servers.
	AWS   *localaws.Stack
	Slack *slack.Server

	opts      Options
	database  *database
	page      page
	dir       string
	listeners map[string]net.Listener
	endpoints Endpoints
}

// New sets everything up and listens, but serves nothing yet: Run does. Close
// must be called in any case.
func New(ctx context.Context, o Options) (_ *Demo, err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	d := &Demo{opts: o, page: newPage(), listeners: map[string]net.Listener{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if d.dir, err = os.MkdirTemp("", "powerpole-local-"); err != nil {
		return nil, fmt.Errorf("making a folder for the catalog: %w", err)
	}
	if err := d.listen(); err != nil {
		return nil, err
	}
	if err := d.startStack(ctx); err != nil {
		return nil, err
	}
	if err := bootstrap.New(d.AWS.Config(), bootstrap.Options{SweepEvery: o.SweepEvery}).Run(ctx); err != nil {
		return nil, err
	}
	if err := d.furnish(ctx); err != nil {
		return nil, err
	}
	return d, d.page.open(d)
}

// listen takes all addresses before anything else, so that one that is taken is
// said at once.
func (d *Demo) listen() error {
	a := d.opts.Addresses
	want := map[string]string{"page": a.Page, "aws": a.AWS, "slack": a.Slack, "intake": a.Intake}
	if d.opts.Database.DSN == "" {
		want["database"] = a.Database
	}
	var errs []error
	for name, addr := range want {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s cannot listen on %s: %w (choose another with --%s HOST:PORT; port 0 takes any)", name, addr, err, name))
			continue
		}
		d.listeners[name] = l
	}
	return errors.Join(errs...)
}

func (d *Demo) startStack(ctx context.Context) (err error) {
	d.AWS, err = localaws.New(ctx, localaws.Options{
		Logger: d.opts.Log, OnEvent: d.page.saw, Observe: d.opts.Observe, SchedulerPrecision: d.opts.SchedulerPrecision,
		EC2: ec2.Options{Pending: d.opts.Boot, ShuttingDown: d.opts.Shutdown, SelfTerminateTag: "powerpole:end-by"},
		SSM: ssm.Options{AgentDelay: d.opts.Agent},
	})
	if err != nil {
		return fmt.Errorf("starting the embedded AWS: %w", err)
	}
	d.Slack = slack.New(slack.Options{BaseURL: d.url("slack")})
	d.Slack.SetIntake(slack.Intake{
		CommandURL: d.url("intake") + "/slack/command", InteractivityURL: d.url("intake") + "/slack/interactivity",
		OptionsURL: d.url("intake") + "/slack/options", EventsURL: d.url("intake") + "/slack/events",
	})
	d.database, err = openDatabase(ctx, d.opts.Database, d.listeners["database"])
	return err
}

func (d *Demo) url(name string) string { return "http://" + d.listeners[name].Addr().String() }

// Endpoints tells where everything is, with every token.
func (d *Demo) Endpoints() Endpoints { return d.endpoints }

// Run serves until ctx ends. ready is called when the services work.
func (d *Demo) Run(ctx context.Context, ready func()) error {
	group, ctx := errgroup.WithContext(ctx)
	for name, handler := range map[string]http.Handler{"page": d.page.handler, "aws": d.AWS.Handler(), "slack": d.Slack.Handler()} {
		group.Go(func() error { return serve(ctx, d.listeners[name], handler) })
	}
	if d.opts.NoServices {
		d.giveUp("intake")
		ready()
		group.Go(func() error { <-ctx.Done(); return nil })
	} else {
		d.runServices(ctx, group, ready)
	}
	return group.Wait()
}

// giveUp frees an address for a process of its own.
func (d *Demo) giveUp(name string) {
	_ = d.listeners[name].Close()
}

func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving on %s: %w", l.Addr(), err)
	}
	return nil
}

// Close ends everything that New began and removes what it wrote to disk.
func (d *Demo) Close() error {
	var errs []error
	if d.AWS != nil {
		d.AWS.Close()
	}
	if d.Slack != nil {
		d.Slack.Close()
	}
	if d.database != nil {
		errs = append(errs, d.database.close())
	}
	for _, l := range d.listeners {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if d.dir != "" {
		errs = append(errs, os.RemoveAll(d.dir))
	}
	return errors.Join(errs...)
}
