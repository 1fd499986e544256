package bus

import (
	"context"
	"encoding/json"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/powerpole/powerpole/pkg/event"
)

// alarmCounter makes powerpole.alarms. Every alarm leaves its service through a
// Publisher, so this is the one place where they are counted; like the event it
// is at least once.
func alarmCounter(m metric.MeterProvider) (metric.Int64Counter, error) {
	c, err := m.Meter(scope).Int64Counter("powerpole.alarms", metric.WithUnit("{alarm}"),
		metric.WithDescription("alarms raised, by source and name; docs/runbooks has a page for each name"))
	if err != nil {
		return nil, fmt.Errorf("making the counter of alarms: %w", err)
	}
	return c, nil
}

// alarmOf returns the name of the alarm that an event raises, "" for none.
func alarmOf(e event.Event) string {
	var a event.Alarmed
	if e.Type != a.EventType() || json.Unmarshal(e.Detail.Data, &a) != nil {
		return ""
	}
	return a.Alarm
}

func (p *Publisher) countAlarms(ctx context.Context, taken []outgoing) {
	for _, o := range taken {
		if o.alarm != "" {
			p.alarms.Add(ctx, 1, metric.WithAttributes(
				attribute.String("source", string(p.source)), attribute.String("alarm", o.alarm)))
		}
	}
}
