// Package telemetry sets up traces, metrics and logs, the same in every
// service. Logs are JSON lines on standard error. Traces, metrics and a copy of
// the logs go where OpenTelemetry's own environment variables say
// (OTEL_TRACES_EXPORTER, OTEL_METRICS_EXPORTER, OTEL_LOGS_EXPORTER, and
// OTEL_EXPORTER_OTLP_ENDPOINT and the others of its specification); without
// them nothing leaves the process.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// Telemetry is what one service traces, measures and logs with. Several may
// live in one process.
type Telemetry struct {
	Logger *slog.Logger
	// Tracer and Meter do nothing where no exporter is set.
	Tracer trace.TracerProvider
	Meter  metric.MeterProvider
	// Propagator reads and writes W3C trace context and baggage.
	Propagator propagation.TextMapPropagator

	closers []func(context.Context) error
}

// Setup makes the telemetry of a process that is one service: what New returns
// becomes slog's default logger and OpenTelemetry's providers. The returned
// function sends what is still held back and ends it all; it must be called
// before the process exits.
func Setup(ctx context.Context, service string) (shutdown func(context.Context) error, err error) {
	t, err := New(ctx, service, os.Stderr)
	if err != nil {
		return nil, err
	}
	slog.SetDefault(t.Logger)
	otel.SetTracerProvider(t.Tracer)
	otel.SetMeterProvider(t.Meter)
	otel.SetTextMapPropagator(t.Propagator)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		t.Logger.Warn("exporting telemetry failed", "error", err)
	}))
	return t.Shutdown, nil
}

// New makes a service's telemetry and changes nothing global. Log lines go to
// w. It returns an error where the environment names an exporter that is not
// there.
func New(ctx context.Context, service string, w io.Writer) (*Telemetry, error) {
	t := &Telemetry{
		Tracer:     tracenoop.NewTracerProvider(),
		Meter:      metricnoop.NewMeterProvider(),
		Propagator: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
	}
	lines := slog.Handler(slog.NewJSONHandler(w, nil))
	lines = traceIDs{lines.WithAttrs([]slog.Attr{slog.String("service", service)})}
	t.Logger = slog.New(lines)
	res, err := describe(ctx, service)
	if err == nil {
		err = errors.Join(t.traces(ctx, res), t.metrics(ctx, res), t.logs(ctx, res, service, lines))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("setting up telemetry of %q: %w", service, err), t.Shutdown(ctx))
	}
	return t, nil
}

// Shutdown sends what is still held back and stops the exporters, the last one
// first.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	var errs []error
	for i := len(t.closers) - 1; i >= 0; i-- {
		errs = append(errs, t.closers[i](ctx))
	}
	t.closers = nil
	return errors.Join(errs...)
}

// describe names the service; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES
// have the last word.
func describe(ctx context.Context, service string) (*resource.Resource, error) {
	return resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(
			attribute.String("service.namespace", "powerpole"),
			attribute.String("service.name", service),
		),
		resource.WithFromEnv(),
	)
}

// wanted reports whether the environment sets an exporter. OpenTelemetry's own
// default is OTLP; ours is none.
func wanted(variable string) bool {
	exporter := os.Getenv(variable)
	return exporter != "" && exporter != "none" && os.Getenv("OTEL_SDK_DISABLED") != "true"
}

func (t *Telemetry) traces(ctx context.Context, res *resource.Resource) error {
	if !wanted("OTEL_TRACES_EXPORTER") {
		return nil
	}
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return fmt.Errorf("making the exporter of traces: %w", err)
	}
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(res))
	t.Tracer, t.closers = p, append(t.closers, p.Shutdown)
	return nil
}

func (t *Telemetry) metrics(ctx context.Context, res *resource.Resource) error {
	if !wanted("OTEL_METRICS_EXPORTER") {
		return nil
	}
	reader, err := autoexport.NewMetricReader(ctx)
	if err != nil {
		return fmt.Errorf("making the exporter of metrics: %w", err)
	}
	p := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(res))
	t.Meter, t.closers = p, append(t.closers, p.Shutdown)
	return nil
}

func (t *Telemetry) logs(ctx context.Context, res *resource.Resource, service string, lines slog.Handler) error {
	if !wanted("OTEL_LOGS_EXPORTER") {
		return nil
	}
	exporter, err := autoexport.NewLogExporter(ctx)
	if err != nil {
		return fmt.Errorf("making the exporter of logs: %w", err)
	}
	p := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)), sdklog.WithResource(res))
	t.closers = append(t.closers, p.Shutdown)
	t.Logger = slog.New(slog.NewMultiHandler(lines, otelslog.NewHandler(service, otelslog.WithLoggerProvider(p))))
	return nil
}
