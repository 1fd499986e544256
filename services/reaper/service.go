// Package reaper ends leases. It alone says when one ends; it puts that moment
// into the scheduler before anybody gets an account, warns of it, says that it
// has come, and writes the receipt once account, instance and schedules have
// been seen to be gone.
package reaper

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	eventscheduler "github.com/aws/aws-sdk-go-v2/service/scheduler"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/clock"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/schedule"
	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// scheduler puts one-off messages into the reaper's own queue.
type scheduler interface {
	Before(t time.Time) (time.Time, bool)
	Once(ctx context.Context, name string, at time.Time, e event.Event) error
	Delete(ctx context.Context, name string) error
	List(ctx context.Context, prefix string) ([]string, error)
}

var _ scheduler = (*schedule.Scheduler)(nil)

// sweep finds what is live.
type sweep interface {
	Run(ctx context.Context, visit func(ctx context.Context, id string) error) error
}

var _ sweep = (*store.Sweep)(nil)

// verifier tells approval's word from everybody else's.
type verifier interface {
	Warrant(token, requestID string) (warrant.Warrant, error)
	Extension(token, requestID string) (warrant.Warrant, error)
}

var _ verifier = (*warrant.Verifier)(nil)

// roles knows how long each role lets sessions drain, and how long building may
// take.
type roles interface {
	Role(name string) (catalog.Role, bool)
	Limits() catalog.Limits
}

// Deps is what the service is made of. All but Clock must be there.
type Deps struct {
	Machine   *store.Machine[State]
	Sweep     sweep
	Scheduler scheduler
	// Group lists all of PowerPole's schedules, with their dates.
	Group    eventscheduler.ListSchedulesAPIClient
	Verifier verifier
	Catalog  roles
	// Bus takes alarms that belong to no record.
	Bus store.Publisher
	Log *slog.Logger
	// Clock is the system's where it is zero.
	Clock clock.Clock
}

// Service handles the reaper's events.
type Service struct {
	machine   *store.Machine[State]
	sweep     sweep
	scheduler scheduler
	group     eventscheduler.ListSchedulesAPIClient
	verifier  verifier
	catalog   roles
	bus       store.Publisher
	log       *slog.Logger
	clock     clock.Clock
}

// New returns the service, or an error that names everything that is missing.
func New(d Deps) (*Service, error) {
	var errs []error
	for name, missing := range map[string]bool{
		"machine": d.Machine == nil, "sweep": d.Sweep == nil, "group": d.Group == nil, "scheduler": d.Scheduler == nil, "verifier": d.Verifier == nil,
		"catalog": d.Catalog == nil, "bus": d.Bus == nil, "log": d.Log == nil,
	} {
		if missing {
			errs = append(errs, errors.New(name+" is missing"))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("making the reaper: %w", err)
	}
	return &Service{d.Machine, d.Sweep, d.Scheduler, d.Group, d.Verifier, d.Catalog, d.Bus, d.Log, d.Clock}, nil
}

// Spec is how the reaper is cut from the mould.
func Spec() service.Spec {
	return service.Spec{Name: "reaper", Build: build}
}

func build(_ context.Context, env *service.Env) (service.Service, error) {
	db := dynamodb.NewFromConfig(env.AWS)
	table, err := store.NewTable[State](db, env.Topology.TableName())
	if err != nil {
		return nil, err
	}
	sweep, err := store.NewSweep(db, env.Topology.TableName(), env.Quiet, env.Log)
	if err != nil {
		return nil, err
	}
	machine, err := store.NewMachine(env.Source, table, env.Bus, store.WithClock(env.Clock))
	if err != nil {
		return nil, err
	}
	if env.Scheduler == nil {
		return nil, errors.New("making the reaper: scheduler is missing")
	}
	group := eventscheduler.NewFromConfig(env.AWS)
	return New(Deps{machine, sweep, env.Scheduler, group, env.Verifier, env.Catalog, env.Bus, env.Log, env.Clock})
}

// Register registers every handler.
func (s *Service) Register(r *bus.Router) error {
	return errors.Join(
		bus.On(r, event.Approval, s.OnApproved),
		bus.On(r, event.Approval, s.OnExtended),
		bus.On(r, event.Approval, s.OnReleased),
		bus.On(r, event.Provisioner, s.OnProvisionFailed),
		bus.On(r, event.Provisioner, s.OnInstanceLost),
		bus.On(r, event.Provisioner, s.OnInstanceTerminated),
		bus.On(r, event.Provisioner, s.OnOverdue),
		bus.On(r, event.Grantor, s.OnGranted),
		bus.On(r, event.Grantor, s.OnGrantFailed),
		bus.On(r, event.Grantor, s.OnRevoked),
		bus.On(r, event.Grantor, s.OnOverdue),
		bus.On(r, event.Reaper, s.OnStartDue),
		bus.On(r, event.Reaper, s.OnWarningDue),
		bus.On(r, event.Reaper, s.OnEndDue),
		bus.On(r, event.Reaper, s.OnSweepDue),
	)
}

// fold is what an event adds to a record, nil where it adds nothing (any more).
type fold func(st State, now time.Time) *transition

// run folds an event into its record and brings the lease forward.
func (s *Service) run(ctx context.Context, h event.Header, add fold) error {
	return s.machine.Run(ctx, h.RequestID, h, func(r record) step {
		now := s.clock.Now()
		if r.Claim == nil {
			if t := add(r.State, now); t != nil {
				return store.Move(*t)
			}
		}
		return s.decide(r, now, h)
	})
}

// end is the fold of everything that ends a lease, also one that was never
// heard of.
func (s *Service) end(cause event.Cause, reason string) fold {
	return func(st State, now time.Time) *transition {
		if st.Ended != nil {
			return nil
		}
		t := s.ending(st, cause, reason, now)
		return &t
	}
}
