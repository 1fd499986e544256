package approval_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// bus keeps what was published, once for each id. It takes nothing that says
// another thing under an id that it knows.
type bus struct {
	mu     sync.Mutex
	events []event.Event
	fail   int // the next calls fail before anything is taken
}

func (b *bus) Publish(_ context.Context, events ...event.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail > 0 {
		b.fail--
		return errors.New("the bus is away")
	}
	for _, e := range events {
		i := slices.IndexFunc(b.events, func(o event.Event) bool { return o.Detail.ID == e.Detail.ID })
		if i < 0 {
			b.events = append(b.events, e)
		} else if string(b.events[i].Detail.Data) != string(e.Detail.Data) {
			return fmt.Errorf("%s said again is not what it was: %s, %s", e.Type, b.events[i].Detail.Data, e.Detail.Data)
		}
	}
	return nil
}

// said returns the data of all events of one type, in order.
func said[T event.Data](tb testing.TB, b *bus) []T {
	tb.Helper()
	registry, err := event.All()
	if err != nil {
		tb.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []T
	for _, e := range b.events {
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

// clock is a scheduler that keeps what it was given.
type clock struct {
	mu        sync.Mutex
	schedules map[string]time.Time
}

func (c *clock) Once(_ context.Context, name string, at time.Time, _ event.Event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.schedules[name] = at
	return nil
}

func (c *clock) Delete(_ context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.schedules, name)
	return nil
}

func (c *clock) armed(name string) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.schedules[name]
	return at, ok
}

// wire is what lies between approval and Slack. It loses the answer to the next
// call of one method, after that had its effect; and while busy is a status, every
// call is answered with that and is to come again in three seconds, or with
// nothing at all where it is silent.
type wire struct {
	to   http.RoundTripper
	mu   sync.Mutex
	lose string
	busy atomic.Int32
}

const silent = -1

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if status := w.busy.Load(); status == silent {
		<-r.Context().Done()
		return nil, r.Context().Err()
	} else if status != 0 {
		return &http.Response{
			StatusCode: int(status), Header: http.Header{"Retry-After": {"3"}}, Body: http.NoBody, Request: r,
		}, nil
	}
	answer, err := w.to.RoundTrip(r)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil && w.lose != "" && strings.HasSuffix(r.URL.Path, w.lose) {
		w.lose = ""
		return nil, errors.Join(errors.New("the answer was lost"), answer.Body.Close())
	}
	return answer, err
}

func (w *wire) loseNext(method string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lose = method
}
