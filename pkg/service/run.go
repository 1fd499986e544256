package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/caarlos0/env/v11"
	"golang.org/x/sync/errgroup"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/clock"
	"github.com/powerpole/powerpole/pkg/telemetry"
)

// Main runs a service as a process of its own until it is told to stop, and
// returns the exit code: 0 after a clean stop, 1 for anything else. In AWS
// Lambda it serves the runtime instead.
func Main(spec Spec) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	shutdown, err := telemetry.Setup(ctx, spec.Name)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	err = Run(ctx, spec, Options{})
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := errors.Join(err, shutdown(flush)); err != nil {
		slog.Error("service ended", "error", err)
		return 1
	}
	return 0
}

// Options replace what a process takes from its surroundings, for several
// services in one process and for simulations. The zero value replaces nothing.
type Options struct {
	// Environ holds the settings; the process's environment where nil.
	Environ map[string]string
	// AWS is the configuration of its clients; the SDK's defaults where nil.
	AWS *aws.Config
	// HTTP is the client towards Slack.
	HTTP *http.Client
	// Clock is the service's; the system's where it is zero.
	Clock clock.Clock
	// DialDatabase replaces TCP towards databases.
	DialDatabase func(ctx context.Context, address string) (net.Conn, error)
	// Log, Wait and Ready are for whoever runs it: where lines go
	// (slog.Default where nil), how long one receive waits (20 s where zero),
	// and what is called with the service before it begins to work.
	Log   *slog.Logger
	Wait  time.Duration
	Ready func(Service)
}

// Run builds a service and runs it until ctx ends: its poller, and what it
// serves. It returns an error that names everything wrong with the settings
// before anything starts.
func Run(ctx context.Context, spec Spec, o Options) error {
	e, err := newEnv(ctx, spec, o)
	if err != nil {
		return fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	s, err := spec.Build(ctx, e)
	if err != nil {
		return fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	router := bus.NewRouter(e.Registry)
	if err := s.Register(router); err != nil {
		return fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	if o.Ready != nil {
		o.Ready(s)
	}
	e.Log.Info("service starts", "service", spec.Name, "settings", e.Config)
	if e.environ["AWS_LAMBDA_RUNTIME_API"] != "" {
		return e.serveLambda(ctx, router)
	}
	return e.serve(ctx, s, router, o.Wait)
}

// serve runs the poller and the server side by side; one that fails ends the
// other.
func (e *Env) serve(ctx context.Context, s Service, router *bus.Router, wait time.Duration) error {
	group, ctx := errgroup.WithContext(ctx)
	if e.queue.QueueURL != "" {
		e.queue.Wait = wait
		p, err := bus.NewPoller(e.sqs, router, e.queue)
		if err != nil {
			return fmt.Errorf("starting %s: %w", e.Name, err)
		}
		group.Go(func() error { return p.Run(ctx) })
	}
	if server, ok := s.(Server); ok {
		group.Go(func() error { return server.Serve(ctx) })
	}
	return group.Wait()
}

func (e *Env) serveLambda(ctx context.Context, router *bus.Router) error {
	handler, err := bus.Lambda(e.sqs, router, e.queue)
	if err != nil {
		return fmt.Errorf("starting %s: %w", e.Name, err)
	}
	lambda.StartWithOptions(handler, lambda.WithContext(ctx))
	return nil
}

// environment is the settings of one service: those given, or the process's.
func environment(given map[string]string) map[string]string {
	if given != nil {
		return maps.Clone(given)
	}
	return env.ToMap(os.Environ())
}

// awsConfig is the SDK's own default configuration, or the one given.
func awsConfig(ctx context.Context, given *aws.Config) (aws.Config, error) {
	if given != nil {
		return given.Copy(), nil
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(sdkLog(slog.Default())))
	if err != nil {
		return aws.Config{}, fmt.Errorf("loading the AWS configuration: %w", err)
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = awshttp.NewBuildableClient()
	}
	cfg.HTTPClient = PlainBodies(cfg.HTTPClient)
	telemetry.AWS(&cfg)
	return cfg, nil
}

// queueAPI is what starting needs of SQS beside the poller's calls.
type queueAPI interface {
	GetQueueUrl(context.Context, *sqs.GetQueueUrlInput, ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error)
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
}

var _ queueAPI = (*sqs.Client)(nil)
