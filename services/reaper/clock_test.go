package reaper_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/powerpole/powerpole/pkg/event"
)

// clock is a scheduler with AWS's precision: it fires within the minute, at its
// end, and forgets what has fired.
type clock struct {
	mu     sync.Mutex
	timers map[string]*time.Timer
	born   map[string]time.Time
	made   []string
	listed int
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
	c.born[name] = time.Now()
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

// ListSchedules lists the whole group, one schedule a page.
func (c *clock) ListSchedules(_ context.Context, in *scheduler.ListSchedulesInput, _ ...func(*scheduler.Options)) (*scheduler.ListSchedulesOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listed++
	if *in.GroupName != "powerpole" {
		return nil, errors.New("not the group of powerpole")
	}
	names := slices.Sorted(maps.Keys(c.timers))
	for i, name := range names {
		if in.NextToken != nil && name <= *in.NextToken {
			continue
		}
		born := c.born[name]
		out := &scheduler.ListSchedulesOutput{Schedules: []types.ScheduleSummary{{Name: &name, CreationDate: &born}}}
		if i+1 < len(names) {
			out.NextToken = &name
		}
		return out, nil
	}
	return &scheduler.ListSchedulesOutput{}, nil
}

// left names every schedule that is there.
func (c *clock) left() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.timers))
}

// put puts a schedule there that nobody of ours has armed and that never fires.
func (c *clock) put(names ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range names {
		c.born[name], c.timers[name] = time.Now(), time.NewTimer(1000*time.Hour)
	}
}

// journal is a log that can be read.
type journal struct {
	mu  sync.Mutex
	all strings.Builder
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.all.Write(line)
}

func (j *journal) has(text string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Contains(j.all.String(), text)
}
