package telemetry

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// awsScope names the instrumentation of AWS calls.
const awsScope = "github.com/powerpole/powerpole/pkg/telemetry"

// AWS makes every client built from the configuration trace its calls with
// OpenTelemetry's provider of this moment: call it after Setup.
//
// A call is one span with its service, operation, region and request id, and the
// code of its error. What AWS says in words stays out: it may repeat what it was
// sent.
func AWS(cfg *aws.Config) { traceCalls(cfg, otel.GetTracerProvider()) }

// AWS makes every client built from the configuration trace its calls here.
func (t *Telemetry) AWS(cfg *aws.Config) { traceCalls(cfg, t.Tracer) }

func traceCalls(cfg *aws.Config, provider trace.TracerProvider) {
	tracer := provider.Tracer(awsScope)
	cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("powerpole.trace", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			service, operation := awsmiddleware.GetServiceID(ctx), middleware.GetOperationName(ctx)
			ctx, span := tracer.Start(ctx, service+"."+operation, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
				attribute.String("rpc.system", "aws-api"), attribute.String("rpc.service", service),
				attribute.String("rpc.method", operation), attribute.String("cloud.region", awsmiddleware.GetRegion(ctx)),
			))
			defer span.End()
			out, metadata, err := next.HandleInitialize(ctx, in)
			if id, ok := awsmiddleware.GetRequestIDMetadata(metadata); ok {
				span.SetAttributes(attribute.String("aws.request_id", token(id)))
			}
			if err != nil {
				span.SetAttributes(attribute.String("error.type", errorType(err)))
				span.SetStatus(codes.Error, "")
			}
			return out, metadata, err
		}), middleware.After)
	})
}

// other is OpenTelemetry's value for an error that has no type of its own.
const other = "_OTHER"

// errorType is the code that AWS gives an error, or what became of the call.
func errorType(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return token(api.ErrorCode())
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	default:
		return other
	}
}

// maxToken is more than any of AWS's codes and request ids has.
const maxToken = 128

// token lets through what looks like a code or an id, and nothing that could be
// a text.
func token(s string) string {
	if s == "" || len(s) > maxToken {
		return other
	}
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '-', c == '_', c == '=', c == '/', c == '+':
		default:
			return other
		}
	}
	return s
}
