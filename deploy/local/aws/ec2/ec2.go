// Package ec2 is EC2 as far as bastions need it: launch templates, instances
// with states that take time, tags and the events of their state changes.
// Instances are records with an address of the loopback network; no machine
// stands behind them. The protocol is EC2's variant of the query protocol.
package ec2

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// Events takes the events that EC2 puts on the account's default bus.
type Events interface {
	// Put publishes one event. The detail is a JSON object.
	Put(ctx context.Context, source, detailType string, detail json.RawMessage) error
}

// Options say how the embedded EC2 behaves. The zero value is usable:
// instances change state at once, any subnet exists, nothing is published.
type Options struct {
	// Account owns everything, 000000000000 where empty.
	Account string
	// Zone is the availability zone of every subnet, us-east-1a where empty.
	Zone string
	// Prefix is the network of the private addresses, 127.77.0.0/16 where
	// it is the zero value. It must lie in 127.0.0.0/8 and hold at least 8
	// addresses; as in a VPC the first four and the last are never given out.
	Prefix netip.Prefix
	// ReuseAddresses gives the lowest free address to each instance, so that
	// a new bastion gets the address of the one that went last. Otherwise a
	// freed address comes round again only after all others.
	ReuseAddresses bool
	// Subnets are those that exist. Empty means that any does.
	Subnets []string
	// Pending is how long an instance takes to boot, ShuttingDown how long it
	// takes to end.
	Pending, ShuttingDown time.Duration
	// DescribeLag is how long a launched instance stays out of sight of
	// DescribeInstances and TerminateInstances, as EC2 is eventually
	// consistent.
	DescribeLag time.Duration
	// SelfTerminateTag names a tag of the launch call that holds an RFC 3339
	// time at which the instance shuts itself down, standing for the timer
	// that user data sets. What a shutdown means is for the instance's
	// InstanceInitiatedShutdownBehavior to say. Empty switches it off.
	SelfTerminateTag string
	// Events takes state changes; nil for nobody.
	Events Events
	// Log takes what could not be told to a caller; nil for slog.Default().
	Log *slog.Logger
}

// Server is one region's EC2. It is safe for concurrent use.
type Server struct {
	opts  Options
	query *wire.Query

	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	seq       int
	pool      *pool
	instances map[string]*instance
	tokens    map[string]*launch
	templates map[string]*template
	exhausted map[capacity]bool
}

// New returns an EC2 without instances. It refuses a prefix that is not of the
// loopback network.
func New(o Options) (*Server, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		opts:      o,
		query:     wire.NewQuery("EC2", true, newRequestID),
		ctx:       ctx,
		cancel:    cancel,
		pool:      newPool(o.Prefix, o.ReuseAddresses),
		instances: map[string]*instance{},
		tokens:    map[string]*launch{},
		templates: map[string]*template{},
		exhausted: map[capacity]bool{},
	}
	s.register()
	return s, nil
}

func (o *Options) fill() error {
	if o.Account == "" {
		o.Account = "000000000000"
	}
	if o.Zone == "" {
		o.Zone = "us-east-1a"
	}
	if !o.Prefix.IsValid() {
		o.Prefix = netip.MustParsePrefix("127.77.0.0/16")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if a := o.Prefix.Addr(); !a.Is4() || !a.IsLoopback() || o.Prefix.Bits() < 8 || o.Prefix.Bits() > 29 {
		return fmt.Errorf("reading EC2's prefix %v: want a part of 127.0.0.0/8 of at least 8 addresses", o.Prefix)
	}
	return nil
}

func (s *Server) register() {
	handle(s, "RunInstances", s.runInstances)
	handle(s, "DescribeInstances", s.describeInstances)
	handle(s, "DescribeInstanceStatus", s.describeInstanceStatus)
	handle(s, "TerminateInstances", s.terminateInstances)
	handle(s, "CreateTags", s.createTags)
	handle(s, "DescribeTags", s.describeTags)
	handle(s, "CreateLaunchTemplate", s.createLaunchTemplate)
	handle(s, "CreateLaunchTemplateVersion", s.createLaunchTemplateVersion)
	handle(s, "DescribeLaunchTemplates", s.describeLaunchTemplates)
	handle(s, "DescribeLaunchTemplateVersions", s.describeLaunchTemplateVersions)
	handle(s, "DeleteLaunchTemplate", s.deleteLaunchTemplate)
}

// handle adds an operation whose parameters are those that In names.
func handle[In any](s *Server, action string, f func(*In) (any, error)) {
	s.query.Handle(action, func(_ context.Context, form url.Values) (any, error) {
		in := new(In)
		if err := decode(form, in); err != nil {
			return nil, err
		}
		if form.Get("DryRun") == "true" {
			return nil, &wire.Error{
				Code:    "DryRunOperation",
				Message: "Request would have succeeded, but DryRun flag is set.",
				Status:  http.StatusPreconditionFailed,
			}
		}
		return f(in)
	})
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.query.ServeHTTP(w, r) }

// Close stops all timers, ends what runs on the instances and waits for the
// events under way. Instances stay as they are.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for _, i := range s.instances {
		i.stopTimers()
	}
	s.mu.Unlock()
	s.cancel()
	s.work.Wait()
}
