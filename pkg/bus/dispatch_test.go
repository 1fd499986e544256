package bus_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

// counted reads a counter's value for one outcome, over all types, or for one
// type where typ is not empty.
func counted(t *testing.T, reader *sdkmetric.ManualReader, name string, attrs ...attribute.KeyValue) (total int64) {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			if m.Name != name {
				continue
			}
			for _, p := range points(t, m) {
				if matches(p.attrs, attrs) {
					total += p.value
				}
			}
		}
	}
	return total
}

type point struct {
	attrs attribute.Set
	value int64
}

func points(t *testing.T, m metricdata.Metrics) (out []point) {
	t.Helper()
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			out = append(out, point{p.Attributes, p.Value})
		}
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			out = append(out, point{p.Attributes, int64(p.Count)}) //nolint:gosec // a test's count
		}
	default:
		t.Fatalf("%s is a %T", m.Name, m.Data)
	}
	return out
}

func matches(set attribute.Set, attrs []attribute.KeyValue) bool {
	for _, a := range attrs {
		if v, ok := set.Value(a.Key); !ok || v != a.Value {
			return false
		}
	}
	return true
}

func outcomeIs(r bus.Reason) attribute.KeyValue { return attribute.String("outcome", string(r)) }

// foreign is an event as EventBridge delivers it.
func foreign(source, typ string, version int, rest string) string {
	return fmt.Sprintf(`{"source":%q,"detail-type":%q,%s"detail":{"id":"x","version":%d,"occurred_at":"2026-11-24T10:00:00Z","data":{"n":-1}}}`,
		source, typ, rest, version)
}

func TestWhatNoHandlerMaySee(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		body   string
		reason bus.Reason
		parked bool
		in     string // part of the reason
	}{
		"an unknown source is acknowledged":                   {foreign("com.other", "Ping", 2, ""), bus.Unknown, false, ""},
		"an unknown type is acknowledged":                     {foreign("powerpole.intake", "Pang", 1, ""), bus.Unknown, false, ""},
		"a type that is not for us is acknowledged":           {foreign("powerpole.intake", "Pong", 2, ""), bus.Unhandled, false, ""},
		"a newer version of what is not for us, acknowledged": {foreign("powerpole.intake", "Pong", 9, ""), bus.Unhandled, false, ""},
		"what AWS says of others' things is acknowledged":     {`{"id":"1","source":"aws.s3","detail-type":"Object Created","detail":{}}`, bus.Unknown, false, ""},
		"a replayed event is acknowledged":                    {foreign("powerpole.intake", "Ping", 2, `"replay-name":"r",`), bus.Replayed, false, ""},
		"what is no JSON is parked":                           {"not json", bus.Malformed, true, "event is malformed"},
		"an empty body is parked":                             {"", bus.Malformed, true, "event is malformed"},
		"an envelope without a type is parked":                {`{"source":"powerpole.intake","detail":{}}`, bus.Malformed, true, "detail-type"},
		"data that does not validate are parked":              {foreign("powerpole.intake", "Ping", 2, ""), bus.Malformed, true, "n is negative"},
		"a version that never was is parked":                  {foreign("powerpole.intake", "Ping", 0, ""), bus.Malformed, true, "no such version"},
		"a known version without its handler is parked":       {foreign("powerpole.intake", "Ping", 1, ""), bus.Refused, true, "no handler here"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ran calls
			reader := sdkmetric.NewManualReader()
			meter := func(cfg *bus.Config) { cfg.Meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)) }
			inBubble(t, meter, ran.returning(nil), func(t *testing.T, f *fakeSQS, _ func()) {
				f.put(c.body)
				after(time.Hour)
				ran.want(t, 0)
				if got := counted(t, reader, "powerpole.bus.outcomes", outcomeIs(c.reason)); got != 1 {
					t.Errorf("counted %d times as %s", got, c.reason)
				}
				if all := counted(t, reader, "powerpole.bus.outcomes"); all != 1 || f.left() != 0 {
					t.Errorf("%d outcomes, %d left", all, f.left())
				}
				if len(f.parked()) == 1 != c.parked {
					t.Fatalf("%d parked", len(f.parked()))
				}
				if c.parked && !strings.Contains(reasonOf(f, 0), c.in) {
					t.Errorf("reason is %q", reasonOf(f, 0))
				}
			})
		})
	}
}

func reasonOf(f *fakeSQS, i int) string { return attributeOf(f.parked()[i], bus.AttributeReason) }

func TestANewerVersionWaitsAndIsThenParkedAsSuch(t *testing.T) {
	t.Parallel()
	var ran calls
	reader := sdkmetric.NewManualReader()
	meter := func(cfg *bus.Config) { cfg.Meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)) }
	inBubble(t, meter, ran.returning(nil), func(t *testing.T, f *fakeSQS, _ func()) {
		f.put(foreign("powerpole.intake", "Ping", 3, ""))
		after(3*time.Minute - time.Second)
		if f.left() != 1 || counted(t, reader, "powerpole.bus.received") != 1 {
			t.Errorf("%d left after %d receives", f.left(), counted(t, reader, "powerpole.bus.received"))
		}
		after(7 * time.Minute)
		if len(f.parked()) != 1 || f.left() != 0 {
			t.Fatalf("%d parked, %d left", len(f.parked()), f.left())
		}
		dead := f.parked()[0]
		if attributeOf(dead, bus.AttributeOutcome) != "newer" || !contains(attributeOf(dead, bus.AttributeReason), "newer than me") {
			t.Errorf("parked as %q: %q", attributeOf(dead, bus.AttributeOutcome), attributeOf(dead, bus.AttributeReason))
		}
		ran.want(t, 0)
	})
}

func TestMetricsCountByTypeAndReasonAndNeverByWhatAMessageInvents(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	meter := func(cfg *bus.Config) { cfg.Meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)) }
	handle := func(_ context.Context, e event.Typed[ping]) error {
		time.Sleep(time.Second)
		if e.Data.N == 0 {
			return errHandler
		}
		return nil
	}
	inBubble(t, meter, handle, func(t *testing.T, f *fakeSQS, _ func()) {
		f.put(pings(t, 3)...)
		for i := range 500 {
			f.put(foreign("powerpole.intake", fmt.Sprintf("Invented%d", i), 1, ""))
		}
		after(time.Hour)
		typ := attribute.String("type", "Ping")
		queue := attribute.String("queue", "powerpole-test")
		for name, c := range map[string]struct {
			got, want int64
		}{
			"received":  {counted(t, reader, "powerpole.bus.received", typ, queue), 3 + 3},
			"handled":   {counted(t, reader, "powerpole.bus.outcomes", typ, outcomeIs(bus.Handled)), 2},
			"failed":    {counted(t, reader, "powerpole.bus.outcomes", typ, outcomeIs(bus.Failed)), 3},
			"limit":     {counted(t, reader, "powerpole.bus.outcomes", typ, outcomeIs(bus.Limit)), 1},
			"durations": {counted(t, reader, "powerpole.bus.duration", typ), 6},
			"ages":      {counted(t, reader, "powerpole.bus.age", typ), 6},
			"invented":  {counted(t, reader, "powerpole.bus.received", attribute.String("type", "other")), 500},
		} {
			if c.got != c.want {
				t.Errorf("%s: %d, want %d", name, c.got, c.want)
			}
		}
	})
}

func TestAHandlerKnowsWhichMessageItHandles(t *testing.T) {
	t.Parallel()
	if id := bus.MessageID(t.Context()); id != "" {
		t.Errorf("outside of a handler it is %q", id)
	}
	var ids []string
	handle := func(ctx context.Context, _ event.Typed[ping]) error {
		ids = append(ids, bus.MessageID(ctx))
		return nil
	}
	inBubble(t, nil, handle, func(t *testing.T, f *fakeSQS, _ func()) {
		f.put(pings(t, 1)...)
		after(time.Minute)
		if len(ids) != 1 || ids[0] == "" {
			t.Errorf("message ids %q", ids)
		}
	})
}
