package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/powerpole/powerpole/pkg/event"
)

// meters are a queue's instruments. Attributes are made beforehand, for the
// registry's kinds and the closed set of reasons: what a message says of itself
// never becomes one.
type meters struct {
	received, outcomes metric.Int64Counter
	age, duration      metric.Float64Histogram

	types    map[event.Kind]metric.MeasurementOption // kinds with version 0
	verdicts map[verdictKey]metric.MeasurementOption
}

type verdictKey struct {
	kind   event.Kind
	reason Reason
}

// other stands for every type that the registry does not know.
func other() event.Kind { return event.Kind{Source: "other", Type: "other"} }

// measure counts what is received and what became of it, and measures how old
// messages are when they are handled and how long that takes (seconds).
func measure(c Config, r *event.Registry) (Middleware, error) {
	m, err := newMeters(c)
	if err != nil {
		return nil, fmt.Errorf("making the bus's instruments: %w", err)
	}
	m.prepare(queueName(c.QueueURL), r)
	return m.around, nil
}

func newMeters(c Config) (*meters, error) {
	meter := c.Meter.Meter(scope)
	var m meters
	var errs [4]error
	m.received, errs[0] = meter.Int64Counter("powerpole.bus.received",
		metric.WithDescription("messages received, by type"))
	m.outcomes, errs[1] = meter.Int64Counter("powerpole.bus.outcomes",
		metric.WithDescription("messages finished or sent back, by type and reason"))
	m.age, errs[2] = meter.Float64Histogram("powerpole.bus.age", metric.WithUnit("s"),
		metric.WithDescription("time from sending to handling"))
	m.duration, errs[3] = meter.Float64Histogram("powerpole.bus.duration", metric.WithUnit("s"),
		metric.WithDescription("time that handling took"))
	return &m, errors.Join(errs[:]...)
}

func (m *meters) prepare(queue string, r *event.Registry) {
	m.types = map[event.Kind]metric.MeasurementOption{}
	m.verdicts = map[verdictKey]metric.MeasurementOption{}
	kinds := []event.Kind{other()}
	for _, e := range r.Entries() {
		kinds = append(kinds, family(e.Kind))
	}
	for _, k := range kinds {
		attrs := []attribute.KeyValue{
			attribute.String("queue", queue), attribute.String("source", string(k.Source)), attribute.String("type", k.Type),
		}
		m.types[k] = metric.WithAttributeSet(attribute.NewSet(attrs...))
		for _, reason := range reasons() {
			set := attribute.NewSet(append(attrs[:3:3], attribute.String("outcome", string(reason)))...)
			m.verdicts[verdictKey{k, reason}] = metric.WithAttributeSet(set)
		}
	}
}

func (m *meters) around(next Handler) Handler {
	return func(ctx context.Context, e event.Event, data event.Data) error {
		kind := family(e.Kind())
		typ, ok := m.types[kind]
		if !ok {
			kind = other()
			typ = m.types[kind]
		}
		d, start := deliveryOf(ctx), time.Now()
		m.received.Add(ctx, 1, typ)
		if !d.sent.IsZero() {
			m.age.Record(ctx, max(0, start.Sub(d.sent).Seconds()), typ)
		}
		err := next(ctx, e, data)
		m.duration.Record(ctx, time.Since(start).Seconds(), typ)
		m.outcomes.Add(ctx, 1, m.verdicts[verdictKey{kind, d.judge(err).reason}])
		return err
	}
}
