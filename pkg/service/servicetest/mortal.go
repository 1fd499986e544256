// Package servicetest has what the tests of several services share: a process
// that dies, and a bus that keeps what was published.
package servicetest

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
)

var errDead = errors.New("the process is dead")

// Mortal lets a process die at its nth call to the outside, before that call has
// its effect or after: that call and all later ones fail. The zero Mortal lives.
type Mortal struct {
	mu    sync.Mutex
	at    int // 0: never
	after bool
	calls int
}

// Through makes a call unless the process is dead.
func (m *Mortal) Through(call func() error) error {
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

// Transport is the process's way out over HTTP.
func (m *Mortal) Transport(to http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (answer *http.Response, err error) {
		failed := m.Through(func() error {
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

func (m *Mortal) dieAt(n int, after bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at, m.after, m.calls = n, after, 0
}

func (m *Mortal) made() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls
}

// Deliver handles a message as a queue would: again until it is acknowledged.
// The first delivery dies at the nth call, 0 for none; it reports whether it came
// that far.
func Deliver(t *testing.T, m *Mortal, n int, after bool, handle func(context.Context) error) bool {
	t.Helper()
	m.dieAt(n, after)
	err := handle(t.Context())
	reached := m.made() >= n
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
