package notifier_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
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
		if bus.IsTerminal(err) {
			t.Fatal(err)
		}
		wait := time.Second
		if after, later := bus.IsLater(err); later {
			wait = after
		}
		time.Sleep(wait)
		err = handle(t.Context())
	}
	t.Fatalf("it never came to rest: %v", err)
	return false
}

// TestADeathAtAnyCallLeavesOneMessageThatIsRight kills the notifier at every
// call that it makes, before and after the call's effect. A placeholder whose
// answer was lost may stay; it says nothing.
func TestADeathAtAnyCallLeavesOneMessageThatIsRight(t *testing.T) {
	t.Parallel()
	for _, step := range []int{0, 1, 5, 8, 9} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("step %d after %v", step, after), func(t *testing.T) {
				t.Parallel()
				for n, reached := 1, true; reached; n++ {
					synctest.Test(t, func(t *testing.T) { reached = dieOnce(t, step, n, after) })
					if n > 100 {
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
	where := fmt.Sprintf("call %d of step %d, after: %v", n, step, after)
	for i, handle := range b.heard(t) {
		if i == step {
			reached = deliver(t, m, n, after, handle)
		} else {
			deliver(t, m, 0, false, handle)
		}
		if i == 7 && !strings.Contains(b.last(), "Canary") {
			t.Errorf("%s: the credentials are not shown: %s", where, b.last())
		}
	}
	all := b.direct("U0EMMA")
	if len(all) > 2 || len(all) == 2 && (all[0].Blocks != nil || !strings.Contains(all[0].Text, "has arrived")) {
		t.Errorf("%s: %d messages: %+v", where, len(all), all)
	}
	if !strings.Contains(b.last(), "Your access has ended") || strings.Contains(b.last(), "Canary") {
		t.Errorf("%s: the message says %s", where, b.last())
	}
	if lines := b.slack.Messages("U0HANAKO", "C0SHOPDB"); len(lines) != 1 {
		t.Errorf("%s: the channel was told %d times", where, len(lines))
	}
	return reached
}

// last is the newest direct message of Emma's.
func (b *bundle) last() string {
	all := b.direct("U0EMMA")
	return string(all[len(all)-1].Blocks)
}
