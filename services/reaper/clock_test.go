package reaper_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// clock is a scheduler with AWS's precision: it fires within the minute, at its
// end, and forgets what has fired.
type clock struct {
	mu     sync.Mutex
	timers map[string]*time.Timer
	made   []string
	fails  int  // the next calls of Once fail
	mute   bool // fires never
	keeps  bool // deletes nothing
	fire   func(event.Event)
}

func (c *clock) Before(t time.Time) (time.Time, bool) {
	at := t.UTC().Truncate(time.Minute).Add(-time.Minute)
	return at, time.Until(at) > 6*time.Second
}

func (c *clock) Once(_ context.Context, name string, at time.Time, e event.Event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fails > 0 {
		c.fails--
		return errors.New("the scheduler is away")
	}
	if _, ok := c.timers[name]; ok {
		return nil
	}
	c.made = append(c.made, name)
	c.timers[name] = time.AfterFunc(time.Until(at)+59*time.Second, func() {
		c.mu.Lock()
		delete(c.timers, name)
		mute := c.mute
		c.mu.Unlock()
		if !mute {
			c.fire(e)
		}
	})
	return nil
}

func (c *clock) Delete(_ context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t, ok := c.timers[name]; ok && !c.keeps {
		t.Stop()
		delete(c.timers, name)
	}
	return nil
}

func (c *clock) List(_ context.Context, prefix string) ([]string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for name := range c.timers {
		if len(name) >= len(prefix) && name[:len(prefix)] == prefix {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}
