package approval_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	pbus "github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/approval"
)

var errDead = errors.New("the process is dead")

// mortal lets a process die at its nth call to the outside, before that call has
// its effect or after: that call and all later ones fail.
type mortal struct {
	mu    sync.Mutex
	at    int // 0: never
	after bool
	calls int
}

// through makes a call unless the process is dead.
func (m *mortal) through(call func() error) error {
	m.mu.Lock()
	m.calls++
	n, at, after := m.calls, m.at, m.after
	m.mu.Unlock()
	if at > 0 && (n > at || n == at && !after) {
		return errDead
	}
	err := call()
	if at > 0 && n == at {
		return errDead
	}
	return err
}

func (m *mortal) dieAt(n int, after bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at, m.after, m.calls = n, after, 0
}

func (m *mortal) transport(to http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (answer *http.Response, err error) {
		failed := m.through(func() error {
			answer, err = to.RoundTrip(r)
			return err
		})
		if failed != nil && answer != nil {
			return nil, errors.Join(failed, answer.Body.Close())
		}
		return answer, failed
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// mortalBus and mortalClock are the bus and the scheduler of a process that may
// die.
type mortalBus struct {
	*mortal
	*bus
}

func (b mortalBus) Publish(ctx context.Context, events ...event.Event) error {
	return b.through(func() error { return b.bus.Publish(ctx, events...) })
}

type mortalClock struct {
	*mortal
	*clock
}

func (c mortalClock) Once(ctx context.Context, name string, at time.Time, e event.Event) error {
	return c.through(func() error { return c.clock.Once(ctx, name, at, e) })
}

func (c mortalClock) Delete(ctx context.Context, name string) error {
	return c.through(func() error { return c.clock.Delete(ctx, name) })
}

// deliver handles a message as a queue would: again until it is acknowledged.
// The first delivery dies at the nth call; it reports whether it came that far.
func deliver(t *testing.T, m *mortal, n int, after bool, handle func(context.Context) error) bool {
	t.Helper()
	m.dieAt(n, after)
	err := handle(t.Context())
	reached := m.calls >= n
	m.dieAt(0, false)
	for range 50 {
		if err == nil {
			return reached
		}
		if pbus.IsTerminal(err) {
			t.Fatal(err)
		}
		wait := time.Second
		if after, later := pbus.IsLater(err); later {
			wait = after
		}
		time.Sleep(wait)
		err = handle(t.Context())
	}
	t.Fatalf("it never came to rest: %v", err)
	return false
}

// TestADeathAtAnyCallLeavesEverythingDoneOnce kills approval at every call that
// it makes on the road of one request, before and after the call's effect.
func TestADeathAtAnyCallLeavesEverythingDoneOnce(t *testing.T) {
	t.Parallel()
	for step := range 3 {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("step %d after %v", step, after), func(t *testing.T) {
				t.Parallel()
				for n, reached := 1, true; reached; n++ {
					synctest.Test(t, func(t *testing.T) { reached = dieOnce(t, step, n, after) })
					if n > 200 {
						t.Fatal("the road has no end")
					}
				}
			})
		}
	}
}

func dieOnce(t *testing.T, step, n int, after bool) (reached bool) {
	m := &mortal{}
	b := setupMortal(t, m)
	e := b.request(t, ask())
	approve, end := b.click(t, e, "U0HANAKO", event.Approve), reaped(e)
	for i, handle := range []func(context.Context) error{
		func(ctx context.Context) error { return b.OnRequestCreated(ctx, e) },
		func(ctx context.Context) error { return b.OnActionSubmitted(ctx, approve) },
		func(ctx context.Context) error { return b.OnReaped(ctx, end) },
	} {
		if i == step {
			reached = deliver(t, m, n, after, handle)
		} else {
			deliver(t, m, 0, false, handle)
		}
	}
	where := fmt.Sprintf("call %d of step %d, after: %v", n, step, after)
	if posted := b.messages(); len(posted) != 1 || !strings.Contains(string(posted[0].Blocks), "Ended at") {
		t.Errorf("%s: %d messages: %+v", where, len(posted), posted)
	}
	if got := b.kinds(t, e.RequestID); !slices.Equal(got, []approval.Kind{approval.Requested, approval.Approved, approval.Ended}) {
		t.Errorf("%s: the log says %v", where, got)
	}
	if a, v := len(said[event.Approved](t, b.bus)), len(said[event.Voted](t, b.bus)); a != 1 || v != 1 {
		t.Errorf("%s: Approved %d times, Voted %d times", where, a, v)
	}
	if len(b.clock.schedules) != 0 || len(b.live(t)) != 0 {
		t.Errorf("%s: left behind: %v, %v", where, b.clock.schedules, b.live(t))
	}
	return reached
}
