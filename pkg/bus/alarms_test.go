package bus_test

import (
	"context"
	"testing"
	"testing/synctest"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

func alarm(t *testing.T, name string, n int) event.Event {
	t.Helper()
	return newEvent(t, event.Alarmed{Alarm: name, Text: "canary"}, n)
}

// counting returns a publisher over f and the reader of what it counts.
func counting(t *testing.T, f *fakeBus) (*bus.Publisher, *sdkmetric.ManualReader) {
	t.Helper()
	known := registry(t)
	if err := event.Register[event.Alarmed](known, "", []event.Source{event.Intake}, event.NoRequest()); err != nil {
		t.Fatal(err)
	}
	reader := sdkmetric.NewManualReader()
	p, err := bus.NewPublisher(f, "powerpole", event.Intake, known,
		bus.WithMeter(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))))
	if err != nil {
		t.Fatal(err)
	}
	return p, reader
}

func alarms(t *testing.T, reader *sdkmetric.ManualReader, name string) int64 {
	t.Helper()
	return counted(t, reader, "powerpole.alarms", attribute.String("alarm", name), attribute.String("source", "powerpole.intake"))
}

func TestEveryAlarmThatLeavesIsCountedUnderItsNameAndNothingElseIs(t *testing.T) {
	t.Parallel()
	p, reader := counting(t, newBus())
	out := []event.Event{
		alarm(t, "receipt-missing", 1), newPing(t, 2), alarm(t, "receipt-missing", 3), alarm(t, "orphan-instance", 4),
	}
	if err := p.Publish(t.Context(), out...); err != nil {
		t.Fatal(err)
	}
	if late, orphans := alarms(t, reader, "receipt-missing"), alarms(t, reader, "orphan-instance"); late != 2 || orphans != 1 {
		t.Errorf("%d and %d alarms", late, orphans)
	}
	if all := counted(t, reader, "powerpole.alarms"); all != 3 {
		t.Errorf("%d alarms in all", all)
	}
}

func TestAnAlarmIsCountedWhenItIsTakenAndNotWhenItIsTried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newBus()
		first, refused, again := alarm(t, "a", 1), alarm(t, "b", 2), alarm(t, "c", 3)
		f.answer = func(id string, n int) string {
			if id == refused.Detail.ID || id == again.Detail.ID && n == 1 {
				return "InternalFailure"
			}
			return ""
		}
		p, reader := counting(t, f)
		if err := p.Publish(context.Background(), first, refused, again); err == nil {
			t.Error("an alarm that was never taken went through")
		}
		if a, b, c := alarms(t, reader, "a"), alarms(t, reader, "b"), alarms(t, reader, "c"); a != 1 || b != 0 || c != 1 {
			t.Errorf("counted %d, %d, %d; want 1, 0, 1", a, b, c)
		}
	})
}
