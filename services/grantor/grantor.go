// Package grantor makes the database account of one lease and ends it. It is
// the only holder of database administrators' credentials.
//
// It grants when a bastion is ready and a stop for the lease is in the
// scheduler, whichever comes first, and revokes on Expired, whatever became of
// the grant. All that it knows of a request is its record; what to do next is
// decided from that alone (decide).
package grantor

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/clock"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// instances is the grantor's only right on EC2.
type instances interface {
	DescribeInstances(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error)
}

// secrets is where administrators' credentials are read and leases' are put.
type secrets interface {
	secret.Client
	secret.Putter
	secret.Deleter
}

// publisher is for alarms about what has no record.
type publisher interface {
	Publish(ctx context.Context, events ...event.Event) error
}

// sweeper visits every live record once.
type sweeper interface {
	Run(ctx context.Context, visit func(ctx context.Context, id string) error) error
}

// verifier verifies warrants.
type verifier interface {
	Warrant(token, requestID string) (warrant.Warrant, error)
}

var (
	_ instances = (*ec2.Client)(nil)
	_ secrets   = (*secretsmanager.Client)(nil)
	_ verifier  = (*warrant.Verifier)(nil)
)

// Options is what a Service is made of. All but Dial, CAFile, Log and Clock
// must be there.
type Options struct {
	Catalog  *catalog.Catalog
	Verifier verifier
	Machine  *store.Machine[State]
	Bus      publisher
	EC2      instances
	// Sweep visits every live record.
	Sweep   sweeper
	Secrets secrets
	// Dial replaces TCP towards databases where it is set.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// CAFile is the PEM file of Amazon's authorities for RDS.
	CAFile string
	Log    *slog.Logger
	// Clock is the system's where it is zero.
	Clock clock.Clock
}

// Service is the grantor.
type Service struct {
	Options
	reach *reach
}

// New returns a grantor. It returns an error for each dependency that is
// missing.
func New(o Options) (*Service, error) {
	var errs []error
	for name, missing := range map[string]bool{
		"catalog": o.Catalog == nil, "verifier": o.Verifier == nil, "machine": o.Machine == nil,
		"sweep": o.Sweep == nil, "bus": o.Bus == nil, "EC2 client": o.EC2 == nil, "Secrets Manager client": o.Secrets == nil,
	} {
		if missing {
			errs = append(errs, errors.New("making the grantor: the "+name+" is missing"))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Service{o, newReach()}, nil
}

var _ service.Service = (*Service)(nil)

// Register registers the handlers.
func (s *Service) Register(r *bus.Router) error {
	return errors.Join(
		bus.On(r, event.Provisioner, s.OnInstanceReady),
		bus.On(r, event.Reaper, s.OnArmed),
		bus.On(r, event.Reaper, s.OnExpired),
		bus.On(r, event.Grantor, s.OnSweepDue),
	)
}

// actFor is how long one effect may hold a request, so that whoever meets it
// need not wait longer. It is within a handler's 30 s.
const actFor = 28 * time.Second
