package approval_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

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
