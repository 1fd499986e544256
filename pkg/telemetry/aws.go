package telemetry

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	//lint:ignore SA1019 deprecated without a successor, and chosen by the design
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws"
	"go.opentelemetry.io/otel"
)

// AWS makes every client built from the configuration trace its calls with
// OpenTelemetry's providers of this moment: call it after Setup.
func AWS(cfg *aws.Config) {
	otelaws.AppendMiddlewares(&cfg.APIOptions,
		otelaws.WithTracerProvider(otel.GetTracerProvider()),
		otelaws.WithTextMapPropagator(otel.GetTextMapPropagator()))
}

// AWS makes every client built from the configuration trace its calls here.
func (t *Telemetry) AWS(cfg *aws.Config) {
	otelaws.AppendMiddlewares(&cfg.APIOptions,
		otelaws.WithTracerProvider(t.Tracer), otelaws.WithTextMapPropagator(t.Propagator))
}
