package bus_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

const (
	senderTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	senderSpan  = "00f067aa0ba902b7"
	traceparent = "00-" + senderTrace + "-" + senderSpan + "-01"
)

func tracedPing(t *testing.T) string {
	t.Helper()
	e := newPing(t, 1)
	e.Detail.Trace = event.Trace{Traceparent: traceparent, Tracestate: "a=b"}
	return body(t, e)
}

func TestASpanContinuesTheSendersTraceAndIsWhatTheNextEventCarries(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	change := func(c *bus.Config) { c.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)) }
	var carried event.Trace
	handle := func(ctx context.Context, _ event.Typed[ping]) error {
		carried = bus.TraceOf(ctx)
		return nil
	}
	inBubble(t, change, handle, func(t *testing.T, f *fakeSQS, _ func()) {
		f.put(tracedPing(t))
		after(time.Second)
		ended := spans.Ended()
		if len(ended) != 1 {
			t.Fatalf("%d spans", len(ended))
		}
		s := ended[0]
		if s.Parent().SpanID().String() != senderSpan || s.SpanContext().TraceID().String() != senderTrace {
			t.Errorf("the span is of trace %s under %s", s.SpanContext().TraceID(), s.Parent().SpanID())
		}
		if len(s.Links()) != 1 || s.Links()[0].SpanContext.SpanID().String() != senderSpan {
			t.Errorf("links are %v", s.Links())
		}
		want := event.Trace{Traceparent: "00-" + senderTrace + "-" + s.SpanContext().SpanID().String() + "-01", Tracestate: "a=b"}
		if carried != want {
			t.Errorf("the next event carries %v, want %v", carried, want)
		}
	})
}

func TestASpanSaysHowAMessageFailedAndNotInWhoseWords(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewInMemoryExporter()
	change := func(c *bus.Config) { c.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)) }
	handle := func(context.Context, event.Typed[ping]) error { return bus.Terminal(errors.New("canary")) }
	inBubble(t, change, handle, func(t *testing.T, f *fakeSQS, _ func()) {
		f.put(tracedPing(t))
		after(time.Second)
		got := spans.GetSpans()
		if len(got) != 1 || got[0].Status.Code != codes.Error || got[0].Status.Description != string(bus.Refused) {
			t.Fatalf("spans: %+v", got)
		}
		if whole, err := json.Marshal(got); err != nil || strings.Contains(string(whole), "canary") {
			t.Errorf("%v; the span repeats the error: %s", err, whole)
		}
	})
}

func TestWithoutTelemetryTheSendersTraceIsCarriedOn(t *testing.T) {
	t.Parallel()
	var carried event.Trace
	handle := func(ctx context.Context, _ event.Typed[ping]) error {
		carried = bus.TraceOf(ctx)
		return nil
	}
	inBubble(t, nil, handle, func(t *testing.T, f *fakeSQS, _ func()) {
		f.put(tracedPing(t))
		after(time.Second)
		if carried.Traceparent != traceparent || carried.Tracestate != "a=b" {
			t.Errorf("the next event carries %v", carried)
		}
	})
	if got := bus.TraceOf(context.Background()); got != (event.Trace{}) {
		t.Errorf("outside any trace it carries %v", got)
	}
}

// lines reads what a JSON logger wrote.
func lines(t *testing.T, b *bytes.Buffer) (out []map[string]any) {
	t.Helper()
	for l := range strings.Lines(b.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(l), &m); err != nil {
			t.Fatalf("%v in %q", err, l)
		}
		out = append(out, m)
	}
	return out
}

func TestOneLineForEachFinishedMessage(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	change := func(c *bus.Config) { c.Logger = slog.New(slog.NewJSONHandler(&log, nil)) }
	handle := func(context.Context, event.Typed[ping]) error {
		time.Sleep(1500 * time.Millisecond)
		return nil
	}
	inBubble(t, change, handle, func(t *testing.T, f *fakeSQS, _ func()) {
		e := newPing(t, 1)
		e.Detail.RequestID = "pp-01j00000000000000000000000"
		f.put(body(t, e))
		after(10 * time.Second)
		got := lines(t, &log)
		if len(got) != 1 {
			t.Fatalf("%d lines", len(got))
		}
		for key, want := range map[string]any{
			"level": "INFO", "type": "Ping", "request_id": e.Detail.RequestID, "id": e.Detail.ID,
			"outcome": "handled", "ms": 1500.0, "queue": "powerpole-test", "receives": 1.0,
		} {
			if got[0][key] != want {
				t.Errorf("%s is %v, want %v", key, got[0][key], want)
			}
		}
	})
}

func TestWhatIsNotForUsIsLoggedOncePerKind(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	change := func(c *bus.Config) { c.Logger = slog.New(slog.NewJSONHandler(&log, nil)); c.Workers = 1 }
	var ran calls
	inBubble(t, change, ran.returning(nil), func(t *testing.T, f *fakeSQS, _ func()) {
		for range 5 {
			f.put(foreign("powerpole.intake", "Pong", 2, ""), foreign("com.other", "Invented", 1, ""))
		}
		after(10 * time.Second)
		if got := lines(t, &log); len(got) != 2 || f.left() != 0 {
			t.Errorf("%d lines, %d left", len(got), f.left())
		}
		// Nobody fills the log by inventing types.
		for i := range 1000 {
			f.put(foreign("com.other", fmt.Sprintf("Invented%d", i), 1, ""))
		}
		after(10 * time.Second)
		if got := lines(t, &log); len(got) > 256 || f.left() != 0 {
			t.Errorf("%d lines, %d left", len(got), f.left())
		}
	})
}

func TestALineHoldsNothingOfTheDataAndNoHostileTextBreaksIt(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	change := func(c *bus.Config) { c.Logger = slog.New(slog.NewJSONHandler(&log, nil)) }
	handle := func(context.Context, event.Typed[ping]) error { panic("canary") }
	inBubble(t, change, handle, func(t *testing.T, f *fakeSQS, _ func()) {
		hostile := newPing(t, 1)
		hostile.Detail.ID = "a\n{\"level\":\"INFO\"}\u2028" + strings.Repeat("x", 10_000)
		f.put(body(t, hostile), `{"source":"x\n","detail-type":"y\r\n","detail":{"data":"canary"}}`)
		after(time.Hour)
		for _, l := range lines(t, &log) {
			if id, _ := l["id"].(string); len(id) > 200 || strings.ContainsAny(id, "\n\r") {
				t.Errorf("id is %q", id)
			}
		}
		if strings.Contains(log.String(), "canary") {
			t.Error("the log holds what a handler panicked with, or data")
		}
	})
}
