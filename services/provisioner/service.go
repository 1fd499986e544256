// Package provisioner builds bastions: one EC2 instance for one approved
// request, said to be ready when a session can start on it, and terminated when
// its lease has ended. It builds nothing without a warrant, and nothing after an
// end.
package provisioner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/clock"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

type (
	step       = store.Step[State]
	transition = store.Transition[State]
)

// record is a request as it is decided on.
type record struct {
	store.Record[State]
	// folded is in State already and not yet written: a claim that ran out must
	// be resolved first, and whoever resolves it writes this with its own claim.
	folded func(*State)
}

// claimed is the name of the claim that ran out, "" where there is none.
func (r record) claimed() string {
	if r.Claim == nil {
		return ""
	}
	return r.Claim.Name
}

// act claims and has one effect. It resolves whatever claim has run out.
func (r record) act(name string, within time.Duration, intent func(*State), do func(context.Context, State) (transition, error)) step {
	return store.Act(store.Action[State]{
		Name: name, Resolves: r.claimed(), For: within, Intent: both(r.folded, intent), Do: do,
	})
}

func both(first, second func(*State)) func(*State) {
	return func(st *State) {
		if first != nil {
			first(st)
		}
		if second != nil {
			second(st)
		}
	}
}

// sweep finds what is live.
type sweep interface {
	Run(ctx context.Context, visit func(ctx context.Context, id string) error) error
}

var _ sweep = (*store.Sweep)(nil)

// verifier tells approval's word from everybody else's.
type verifier interface {
	Warrant(token, requestID string) (warrant.Warrant, error)
}

var _ verifier = (*warrant.Verifier)(nil)

// offers is what the provisioner asks of the catalog.
type offers interface {
	Cluster(id string) (catalog.Cluster, bool)
	Clusters() []catalog.Cluster
	Check(catalog.Ask) []catalog.Refusal
	Limits() catalog.Limits
	Installation() string
}

var _ offers = (*catalog.Catalog)(nil)

// Config is what the provisioner reads from its environment.
type Config struct {
	// SecurityGroups are the ids of the bastions' security groups, where the
	// launch template's network interface names none.
	SecurityGroups []string `env:"POWERPOLE_BASTION_SECURITY_GROUPS"`
}

// Deps is what the service is made of. All of it must be there, except Groups and Clock.
type Deps struct {
	Machine  *store.Machine[State]
	Sweep    sweep
	EC2      EC2
	SSM      SSM
	Verifier verifier
	Catalog  offers
	// Bus takes alarms that belong to no record.
	Bus    store.Publisher
	Log    *slog.Logger
	Groups []string
	// Clock is the system's where it is zero.
	Clock clock.Clock
}

// Service handles the provisioner's events.
type Service struct {
	machine  *store.Machine[State]
	sweep    sweep
	ec2      EC2
	ssm      SSM
	verifier verifier
	catalog  offers
	bus      store.Publisher
	log      *slog.Logger
	groups   []string
	clock    clock.Clock
}

// New returns the service, or an error that names everything that is missing.
func New(d Deps) (*Service, error) {
	var errs []error
	for name, missing := range map[string]bool{
		"machine": d.Machine == nil, "sweep": d.Sweep == nil, "EC2": d.EC2 == nil, "SSM": d.SSM == nil, "verifier": d.Verifier == nil,
		"catalog": d.Catalog == nil, "bus": d.Bus == nil, "log": d.Log == nil,
	} {
		if missing {
			errs = append(errs, errors.New(name+" is missing"))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("making the provisioner: %w", err)
	}
	return &Service{d.Machine, d.Sweep, d.EC2, d.SSM, d.Verifier, d.Catalog, d.Bus, d.Log, d.Groups, d.Clock}, nil
}

// Spec is how the provisioner is cut from the mould.
func Spec() service.Spec {
	return service.Spec{Name: "provisioner", Build: build}
}

func build(_ context.Context, env *service.Env) (service.Service, error) {
	var cfg Config
	if err := env.Parse(&cfg); err != nil {
		return nil, err
	}
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
	return New(Deps{
		machine, sweep, ec2.NewFromConfig(env.AWS), ssm.NewFromConfig(env.AWS),
		env.Verifier, env.Catalog, env.Bus, env.Log, cfg.SecurityGroups, env.Clock,
	})
}

// Register registers every handler.
func (s *Service) Register(r *bus.Router) error {
	return errors.Join(
		bus.On(r, event.Approval, s.OnApproved),
		bus.On(r, event.Reaper, s.OnExpired),
		bus.On(r, event.Grantor, s.OnRevoked),
		bus.On(r, event.EC2, s.OnInstanceStateChanged),
		bus.On(r, event.Provisioner, s.OnSweepDue),
	)
}

// fold is what an event adds to a record, nil where it adds nothing (any more).
type fold func(st State, now time.Time) func(*State)

// run folds an event into its record and brings the request forward.
func (s *Service) run(ctx context.Context, h event.Header, add fold) error {
	return s.machine.Run(ctx, h.RequestID, h, func(stored store.Record[State]) step {
		now := s.clock.Now()
		to := add(stored.State, now)
		if to != nil && stored.Claim == nil {
			return store.Move(transition{To: to})
		}
		if to != nil {
			to(&stored.State)
		}
		return s.decide(record{stored, to}, now)
	})
}

// decide says what is to be done next for a request, from its record and the
// time alone, so that any message and any sweep may ask.
func (s *Service) decide(r record, now time.Time) step {
	st := r.State
	switch {
	case st.Terminated != nil && st.unanswered():
		return store.Move(answeredAgain(st))
	case st.Terminated != nil:
		return store.Done[State]()
	case st.Expired != nil:
		return s.teardown(r, now)
	case st.Ready && r.Claim != nil:
		return s.terminate(r, st.clashing()) // of what was replaced, cut off
	case st.Order == nil, st.Ready, st.Failed:
		return store.Done[State]()
	default:
		return s.build(r, now)
	}
}
