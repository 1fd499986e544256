package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.opentelemetry.io/otel"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/schedule"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// newEnv reads settings and makes what a service is built from.
func newEnv(ctx context.Context, spec Spec, o Options) (*Env, error) {
	place, ok := topology.Find(spec.Name)
	if !ok {
		return nil, fmt.Errorf("the topology has no service %q", spec.Name)
	}
	e := &Env{
		Name: spec.Name, Source: place.Source, Topology: place, HTTP: o.HTTP, Log: o.Log, Clock: o.Clock,
		DialDatabase: o.DialDatabase, Quiet: new(bus.Quiet), environ: environment(o.Environ),
	}
	if e.HTTP == nil {
		e.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	if e.Log == nil {
		e.Log = slog.Default()
	}
	if err := e.Parse(&e.Config); err != nil {
		return nil, err
	}
	registry, err := event.All()
	if err != nil {
		return nil, err
	}
	e.Registry = registry
	if err := errors.Join(e.readCatalog(), e.connect(ctx, o)); err != nil {
		return nil, err
	}
	return e, e.findQueue(ctx, spec.Workers)
}

// readCatalog reads the catalog and the keys that the catalog's installation is
// verified with.
func (e *Env) readCatalog() error {
	cat, warnings, err := catalog.Load(e.Config.Catalog)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		e.Log.Warn("catalog", "warning", w)
	}
	e.Catalog = cat
	jwks, err := os.ReadFile(e.Config.Keys)
	if err != nil {
		return fmt.Errorf("reading the public keys: %w", err)
	}
	keys, err := warrant.ParseKeySet(jwks)
	if err != nil {
		return fmt.Errorf("reading the public keys in %s: %w", e.Config.Keys, err)
	}
	e.Verifier, err = warrant.NewVerifier(keys, cat.Installation(), warrant.WithClock(e.Clock))
	return err
}

// connect makes the clients that every service has.
func (e *Env) connect(ctx context.Context, o Options) error {
	cfg, err := awsConfig(ctx, o.AWS)
	if err != nil {
		return err
	}
	e.AWS, e.sqs = cfg, sqs.NewFromConfig(cfg)
	e.Bus, err = bus.NewPublisher(eventbridge.NewFromConfig(cfg), topology.BusName, e.Source, e.Registry,
		bus.WithMeter(otel.GetMeterProvider()))
	return err
}

// findQueue looks up the service's queues and makes its scheduler. A service
// that consumes nothing has neither.
func (e *Env) findQueue(ctx context.Context, workers int) error {
	if e.Topology.Queue() == "" {
		return nil
	}
	url, arn, err := lookUp(ctx, e.sqs, e.Topology.Queue())
	if err != nil {
		return err
	}
	deadURL, deadARN, err := lookUp(ctx, e.sqs, e.Topology.DeadQueue())
	if err != nil {
		return err
	}
	e.queue = bus.Config{
		QueueURL: url, DeadQueueURL: deadURL, MaxReceive: e.Topology.MaxReceive, Visibility: topology.Visibility, Workers: workers,
		Grace: e.Config.Grace.Std(), Rest: e.Config.Rest.Std(), Quiet: e.Quiet,
		Logger: e.Log, Tracer: otel.GetTracerProvider(), Meter: otel.GetMeterProvider(),
	}
	e.Scheduler, err = schedule.New(scheduler.NewFromConfig(e.AWS), schedule.Config{
		Group: topology.ScheduleGroup, RoleARN: e.Config.SchedulerRole, QueueARN: arn, DeadARN: deadARN,
		Precision: e.Config.SchedulerPrecision.Std(), Clock: e.Clock,
	})
	return err
}

func lookUp(ctx context.Context, api queueAPI, name string) (url, arn string, err error) {
	q, err := api.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	if err != nil {
		return "", "", fmt.Errorf("looking up queue %s (has `powerpole bootstrap` run?): %w", name, err)
	}
	a, err := api.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: q.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return "", "", fmt.Errorf("looking up queue %s: %w", name, err)
	}
	return *q.QueueUrl, a.Attributes[string(types.QueueAttributeNameQueueArn)], nil
}

func (e *Env) secrets() secret.Client { return secretsmanager.NewFromConfig(e.AWS) }
