package servicetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/powerpole/powerpole/pkg/event"
)

// Outbox is a bus that keeps what was published, as often as it was. It takes
// nothing that says another thing under an id that it knows.
type Outbox struct {
	mu   sync.Mutex
	sent []event.Event
	down bool
}

// Publish implements store.Publisher.
func (o *Outbox) Publish(_ context.Context, events ...event.Event) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.down {
		return errors.New("the bus is away")
	}
	for _, e := range events {
		i := slices.IndexFunc(o.sent, func(s event.Event) bool { return s.Detail.ID == e.Detail.ID })
		if i >= 0 && string(o.sent[i].Detail.Data) != string(e.Detail.Data) {
			return fmt.Errorf("%s said again is not what it was: %s, %s", e.Type, o.sent[i].Detail.Data, e.Detail.Data)
		}
		o.sent = append(o.sent, e)
	}
	return nil
}

// SetDown lets everything that is published be refused, or be taken again.
func (o *Outbox) SetDown(down bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.down = down
}

// Forget forgets what was published.
func (o *Outbox) Forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = nil
}

// Sent returns what was published, repetitions included.
func (o *Outbox) Sent() []event.Event {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.sent)
}

// Count is how often a type was published, repetitions included.
func (o *Outbox) Count(typ string) int {
	n := 0
	for _, e := range o.Sent() {
		if e.Type == typ {
			n++
		}
	}
	return n
}

// Said returns what was said of one type, each id once, in order.
func Said[T event.Data](tb testing.TB, o *Outbox) []T {
	tb.Helper()
	registry, err := event.All()
	if err != nil {
		tb.Fatal(err)
	}
	ids := map[string]bool{}
	var out []T
	for _, e := range o.Sent() {
		if ids[e.Detail.ID] {
			continue
		}
		ids[e.Detail.ID] = true
		data, err := registry.Decode(e)
		if err != nil {
			tb.Fatalf("what was published cannot be read: %v", err)
		}
		if t, ok := data.(T); ok {
			out = append(out, t)
		}
	}
	return out
}
