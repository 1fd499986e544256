package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/powerpole/powerpole/pkg/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector is an OTLP endpoint that counts what comes in, by path.
type collector struct{ traces, metrics, logs atomic.Int32 }

func (c *collector) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/v1/traces":
		c.traces.Add(1)
	case "/v1/metrics":
		c.metrics.Add(1)
	case "/v1/logs":
		c.logs.Add(1)
	}
}

// collect points OpenTelemetry's environment at a collector.
func collect(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	server := httptest.NewServer(c)
	t.Cleanup(func() {
		server.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	for _, v := range []string{"OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER", "OTEL_SDK_DISABLED"} {
		t.Setenv(v, "")
	}
	return c
}

// use traces, measures and logs one thing each, and shuts down.
func use(t *testing.T, log *bytes.Buffer) {
	t.Helper()
	tel, err := telemetry.New(t.Context(), "approval", log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := tel.Tracer.Tracer("t").Start(t.Context(), "s")
	counter, err := tel.Meter.Meter("t").Int64Counter("c")
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(ctx, 1)
	tel.Logger.InfoContext(ctx, "hello")
	span.End()
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestNothingLeavesTheProcessUnlessAnExporterIsSet(t *testing.T) {
	c := collect(t)
	use(t, &bytes.Buffer{})
	t.Setenv("OTEL_TRACES_EXPORTER", "none")
	t.Setenv("OTEL_METRICS_EXPORTER", "otlp")
	t.Setenv("OTEL_SDK_DISABLED", "true")
	use(t, &bytes.Buffer{})
	if n := c.traces.Load() + c.metrics.Load() + c.logs.Load(); n != 0 {
		t.Errorf("%d exports", n)
	}
}

func TestEachExporterThatIsSetGetsWhatThereIsByShutdown(t *testing.T) {
	c := collect(t)
	for _, v := range []string{"OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"} {
		t.Setenv(v, "otlp")
	}
	var log bytes.Buffer
	use(t, &log)
	if c.traces.Load() != 1 || c.metrics.Load() != 1 || c.logs.Load() != 1 {
		t.Errorf("%d traces, %d metrics, %d logs", c.traces.Load(), c.metrics.Load(), c.logs.Load())
	}
	line := one(t, &log)
	if line["msg"] != "hello" || line["service"] != "approval" || len(str(line["trace_id"])) != 32 || len(str(line["span_id"])) != 16 {
		t.Errorf("line is %v", line)
	}
}

func TestAnUnknownExporterIsAnError(t *testing.T) {
	collect(t)
	t.Setenv("OTEL_TRACES_EXPORTER", "otlp")
	t.Setenv("OTEL_METRICS_EXPORTER", "carrier-pigeon")
	if _, err := telemetry.New(t.Context(), "approval", &bytes.Buffer{}); err == nil {
		t.Error("no error")
	}
}

func TestALineStaysOneLineWhateverIsInIt(t *testing.T) {
	collect(t)
	var log bytes.Buffer
	tel, err := telemetry.New(t.Context(), "approval", &log)
	if err != nil {
		t.Fatal(err)
	}
	tel.Logger.Info("a\nb", "k\n", "v\r\n{}\x00\u2028", "error", errors.New("x\ny"))
	one(t, &log)
}

func TestLinesOutsideATraceHaveNoIDsAndAttributesAreKept(t *testing.T) {
	collect(t)
	var log bytes.Buffer
	tel, err := telemetry.New(t.Context(), "approval", &log)
	if err != nil {
		t.Fatal(err)
	}
	tel.Logger.With("a", 1).WithGroup("g").InfoContext(t.Context(), "m", slog.Int("b", 2))
	line := one(t, &log)
	group, _ := line["g"].(map[string]any)
	if line["a"] != 1.0 || group["b"] != 2.0 || line["trace_id"] != nil {
		t.Errorf("line is %v", line)
	}
}

func one(t *testing.T, log *bytes.Buffer) (line map[string]any) {
	t.Helper()
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Fatalf("%d lines: %q", n, log)
	}
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	return line
}

func str(v any) string { s, _ := v.(string); return s }
