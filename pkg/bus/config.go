package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"path"
	"time"

	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// Config is what a Poller or Lambda needs to know. Only the queues and
// MaxReceive must be set; every other zero value stands for its default.
type Config struct {
	// QueueURL and DeadQueueURL are the service's own two queues.
	QueueURL, DeadQueueURL string
	// MaxReceive is how often a message is received before it is parked. Every
	// Later is a receive. The queue's own redrive policy must allow at least one
	// more, so that a message is parked by us, with its reason.
	MaxReceive int
	// Timeout is how long a handler may run, 30 s.
	Timeout time.Duration
	// Visibility is how long a received message is hidden, 45 s. A Poller
	// extends it at every half while the handler runs; in Lambda nothing does.
	Visibility time.Duration
	// Workers is how many handlers run at once, 10.
	Workers int
	// Pollers is how many receives run at once while they come back full, 4.
	// At rest there is one.
	Pollers int
	// Wait is how long one receive may take, 20 s. SQS itself never waits
	// longer; more is for a simulated one that does.
	Wait time.Duration
	// Rest is how long a Poller that is Quiet waits between two receives, none
	// by default: SQS waits 20 s at most, so that a service that is asked nothing
	// would still call it 180 times an hour.
	Rest  time.Duration
	Quiet *Quiet
	// Grace is how long running handlers may go on after the service was told
	// to stop, 25 s.
	Grace time.Duration

	// Logger, Tracer and Meter are slog.Default and none where they are nil.
	Logger *slog.Logger
	Tracer trace.TracerProvider
	Meter  metric.MeterProvider
}

// longPoll is SQS's longest.
const longPoll = 20 * time.Second

func (c Config) withDefaults() Config {
	c.Timeout = orElse(c.Timeout, 30*time.Second)
	c.Visibility = orElse(c.Visibility, 45*time.Second)
	c.Workers = orElse(c.Workers, 10)
	c.Pollers = orElse(c.Pollers, 4)
	c.Wait = orElse(c.Wait, longPoll)
	c.Grace = orElse(c.Grace, 25*time.Second)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Tracer == nil {
		c.Tracer = tracenoop.NewTracerProvider()
	}
	if c.Meter == nil {
		c.Meter = metricnoop.NewMeterProvider()
	}
	return c
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// check names everything that is wrong at once.
func (c Config) check() error {
	var errs []error
	must := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	must(c.QueueURL != "", "the queue's URL is missing")
	must(c.DeadQueueURL != "", "the dead-letter queue's URL is missing")
	must(c.QueueURL != c.DeadQueueURL || c.QueueURL == "", "the queue is its own dead-letter queue")
	must(c.MaxReceive >= 1, "the receive limit is %d", c.MaxReceive)
	must(c.Timeout > 0, "the timeout is %s", c.Timeout)
	must(c.Visibility >= 2*time.Second && c.Visibility <= maxHidden, "the visibility is %s, not 2 s to %s", c.Visibility, maxHidden)
	must(c.Workers >= 1 && c.Pollers >= 1, "there are %d workers and %d pollers", c.Workers, c.Pollers)
	must(c.Grace > 0, "the grace period is %s", c.Grace)
	must(c.Rest >= 0, "the rest between two receives is %s", c.Rest)
	must(c.Wait > 0, "the longest receive is %s", c.Wait)
	return errors.Join(errs...)
}

// queueName is the last part of a queue's URL.
func queueName(url string) string { return path.Base(url) }
