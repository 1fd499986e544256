package web

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/eventbridge"
)

// Feed remembers the latest events. It is safe for concurrent use.
type Feed struct {
	mu        sync.Mutex
	most      int
	events    []entry
	listeners map[chan struct{}]bool
}

// entry is an event as the page shows it.
type entry struct {
	ID, Source, Type, Request, Detail string
	Time                              time.Time
	Replay                            bool
}

// NewFeed returns a feed of the latest n events.
func NewFeed(n int) *Feed {
	return &Feed{most: max(n, 1), listeners: map[chan struct{}]bool{}}
}

// Add remembers an event and tells who watches. It never waits.
func (f *Feed) Add(e eventbridge.Event) {
	now := read(e)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, now)
	if over := len(f.events) - f.most; over > 0 {
		f.events = slices.Delete(f.events, 0, over)
	}
	for c := range f.listeners {
		select {
		case c <- struct{}{}:
		default: // it knows already
		}
	}
}

func read(e eventbridge.Event) entry {
	var body struct {
		Detail json.RawMessage `json:"detail"`
	}
	var envelope struct {
		Request string `json:"request_id"`
	}
	var pretty bytes.Buffer
	if json.Unmarshal([]byte(e.JSON), &body) == nil {
		_ = json.Unmarshal(body.Detail, &envelope) // not every event is about a request
		_ = json.Indent(&pretty, body.Detail, "", "  ")
	}
	return entry{
		ID: e.ID, Source: e.Source, Type: e.DetailType, Request: envelope.Request,
		Detail: pretty.String(), Time: time.Now(), Replay: e.Replay != "",
	}
}

// entries are the events, the newest first.
func (f *Feed) entries() []entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := slices.Clone(f.events)
	slices.Reverse(all)
	return all
}

// subscribe gives a channel that has something to receive after a change, and a
// function that ends that.
func (f *Feed) subscribe() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners[c] = true
	return c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.listeners, c)
	}
}
