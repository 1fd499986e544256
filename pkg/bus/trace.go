package bus

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/powerpole/powerpole/pkg/event"
)

const scope = "github.com/powerpole/powerpole/pkg/bus"

// traced opens a span for each message. It is a child of the sender's span, so
// that one request is one trace across all services, and linked to it, as
// OpenTelemetry's messaging conventions ask.
func traced(c Config) Middleware {
	tracer := c.Tracer.Tracer(scope)
	queue := attribute.String("messaging.destination.name", queueName(c.QueueURL))
	return func(next Handler) Handler {
		return func(ctx context.Context, e event.Event, data event.Data) error {
			ctx = propagation.TraceContext{}.Extract(ctx, (*carrier)(&e.Detail.Trace))
			ctx, span := tracer.Start(ctx, "handle "+clean(e.Type, maxName),
				trace.WithSpanKind(trace.SpanKindConsumer),
				trace.WithLinks(trace.LinkFromContext(ctx)),
				trace.WithAttributes(queue))
			defer span.End()
			err := next(ctx, e, data)
			if span.IsRecording() {
				describe(span, e, deliveryOf(ctx), err)
			}
			return err
		}
	}
}

func describe(span trace.Span, e event.Event, d *delivery, err error) {
	v := d.judge(err)
	span.SetAttributes(
		attribute.String("messaging.message.id", d.id),
		attribute.String("powerpole.event.id", clean(e.Detail.ID, maxName)),
		attribute.String("powerpole.request.id", clean(e.Detail.RequestID, maxName)),
		attribute.String("powerpole.outcome", string(v.reason)),
		attribute.Int("powerpole.receives", d.receives),
	)
	if v.action == park || v.backoff {
		// Not the error's text: that may be AWS's or a database's. The log has it.
		span.SetStatus(codes.Error, string(v.reason))
	}
}

// TraceOf returns the trace context that belongs into the events which a
// handler emits: its own span's, or the sender's where nothing is traced here.
// It is empty outside any trace.
func TraceOf(ctx context.Context) event.Trace {
	var t event.Trace
	propagation.TraceContext{}.Inject(ctx, (*carrier)(&t))
	return t
}

// carrier lets OpenTelemetry read and write an envelope's trace (W3C Trace
// Context).
type carrier event.Trace

var _ propagation.TextMapCarrier = (*carrier)(nil)

func (c *carrier) Get(key string) string {
	switch key {
	case "traceparent":
		return c.Traceparent
	case "tracestate":
		return c.Tracestate
	default:
		return ""
	}
}

func (c *carrier) Set(key, value string) {
	switch key {
	case "traceparent":
		c.Traceparent = value
	case "tracestate":
		c.Tracestate = value
	}
}

func (c *carrier) Keys() []string { return []string{"traceparent", "tracestate"} }
