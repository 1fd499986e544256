// Package service is the mould that all six services are cut from: settings
// from the environment, telemetry, clients, the service's own handlers, its
// poller, and one place to exit.
package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/caarlos0/env/v11"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/clock"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/schedule"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// Spec is what tells one service from another.
type Spec struct {
	// Name is the service's name in the topology.
	Name string
	// Build makes the service from its environment.
	Build func(context.Context, *Env) (Service, error)
	// Workers is how many messages it handles at once; 0 is the bus's default.
	Workers int
}

// Service registers its handlers.
type Service interface {
	Register(*bus.Router) error
}

// Server is a service that also listens until ctx ends, as intake does.
type Server interface {
	Serve(ctx context.Context) error
}

// Config is what every service reads from its environment. It holds no secret
// and is safe to log.
type Config struct {
	// Catalog is the path of powerpole.yaml.
	Catalog string `env:"POWERPOLE_CATALOG,required"`
	// Keys is the path of the public keys (JWKS, RFC 7517) that verify intake's
	// slips and approval's warrants.
	Keys string `env:"POWERPOLE_KEYS,required"`
	// Grace is how long running handlers have to finish when it is told to stop.
	Grace Duration `env:"POWERPOLE_GRACE" envDefault:"25s"`
	// SchedulerRole is the role that EventBridge Scheduler assumes.
	SchedulerRole string `env:"POWERPOLE_SCHEDULER_ROLE_ARN" envDefault:"arn:aws:iam::000000000000:role/powerpole-scheduler"`
	// SchedulerPrecision is how exactly the scheduler fires: see package
	// schedule.
	SchedulerPrecision Duration `env:"POWERPOLE_SCHEDULER_PRECISION" envDefault:"1m"`
	// Rest is how long it waits between two looks into its queue while nothing
	// is live: the first request after a quiet time waits as long at most, for
	// each service that it meets.
	Rest Duration `env:"POWERPOLE_REST" envDefault:"10s"`
}

// Env is what a service is built from.
type Env struct {
	Name     string
	Source   event.Source
	Topology topology.Service
	Config   Config
	Registry *event.Registry
	Catalog  *catalog.Catalog
	Verifier *warrant.Verifier
	AWS      aws.Config
	Bus      *bus.Publisher
	Log      *slog.Logger
	// HTTP is for what is not AWS: Slack.
	HTTP *http.Client
	// Clock is the service's; the zero value is the system's.
	Clock clock.Clock
	// DialDatabase, where set, replaces TCP towards databases, as in a
	// simulation.
	DialDatabase func(ctx context.Context, address string) (net.Conn, error)
	// Scheduler is nil for a service without a queue.
	Scheduler *schedule.Scheduler
	// Quiet is for the service's sweep, which tells the poller through it that
	// nothing is live.
	Quiet *bus.Quiet

	environ map[string]string
	sqs     *sqs.Client
	queue   bus.Config
}

// Parse reads a service's own settings from the environment into a struct with
// `env` tags; every problem is reported at once.
func (e *Env) Parse(cfg any) error {
	if err := env.ParseWithOptions(cfg, env.Options{Environment: e.environ}); err != nil {
		return fmt.Errorf("reading the settings of %s: %w", e.Name, err)
	}
	return nil
}

// Secret loads what a reference in the settings names (package secret).
func (e *Env) Secret(ctx context.Context, ref string) (secret.String, error) {
	if ref == "" {
		return secret.String{}, errors.New("loading a secret: the reference is missing")
	}
	return secret.Load(ctx, ref, e.secrets())
}
