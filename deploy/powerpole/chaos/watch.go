package main

import (
	"context"
	"encoding/json"
	"log"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/powerpole/powerpole/deploy/powerpole/visitor"
	"github.com/powerpole/powerpole/pkg/event"
)

// story is one request, as the bus tells it.
type story struct {
	id     string
	ask    event.Ask
	events []event.Event // each fact once, however often it was said
}

// ends are the types of event of which a request has exactly one.
func ends() []string { return []string{"Reaped", "Denied", "Cancelled", "Lapsed"} }

// first is the first event of a type.
func (s story) first(typ string) (event.Event, bool) {
	i := slices.IndexFunc(s.events, func(e event.Event) bool { return e.Type == typ })
	if i < 0 {
		return event.Event{}, false
	}
	return s.events[i], true
}

// said reports whether one of the types has come.
func (s story) said(types ...string) bool {
	return slices.ContainsFunc(s.events, func(e event.Event) bool { return slices.Contains(types, e.Type) })
}

func (s story) ended() bool { return s.said(ends()...) }

// decoded is what the first event of T's type says; ok is false where none came.
func decoded[T event.Data](s story) (data T, ok bool) {
	e, ok := s.first(data.EventType())
	return data, ok && json.Unmarshal(e.Detail.Data, &data) == nil
}

// watch knows every request that was ever on the bus.
type watch struct {
	journal *log.Logger

	mu      sync.Mutex
	stories map[string]*story
	// changed is closed and made anew whenever something was heard.
	changed chan struct{}
}

func newWatch(journal *log.Logger) *watch {
	return &watch{journal: journal, stories: map[string]*story{}, changed: make(chan struct{})}
}

// listen reads the tap until the context ends; created is told of each request
// once.
func (w *watch) listen(ctx context.Context, tap *visitor.Tap, created func(story)) {
	for read := 0; ctx.Err() == nil; {
		if err := tap.Receive(ctx); err != nil && ctx.Err() == nil {
			w.journal.Printf("listening to the bus: %v", err)
			pause(ctx, 100*time.Millisecond)
		}
		for _, seen := range tap.Seen[read:] {
			if s, isNew := w.hear(seen.Event); isNew {
				created(s)
			}
		}
		read = len(tap.Seen)
	}
}

// hear takes an event; isNew says that it is the RequestCreated of a request.
func (w *watch) hear(e event.Event) (_ story, isNew bool) {
	id := e.Detail.RequestID
	if id == "" {
		return story{}, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.stories[id]
	if s == nil {
		s = &story{id: id}
		w.stories[id] = s
	}
	if slices.ContainsFunc(s.events, func(other event.Event) bool { return other.Detail.ID == e.Detail.ID }) {
		return story{}, false
	}
	s.events = append(s.events, e)
	close(w.changed)
	w.changed = make(chan struct{})
	created, ok := decoded[event.RequestCreated](story{events: []event.Event{e}})
	if ok {
		s.ask = created.Ask
	}
	return *s, ok
}

// story is what is known of a request now.
func (w *watch) story(id string) (story, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.copyLocked(id), w.changed
}

func (w *watch) copyLocked(id string) story {
	s := w.stories[id]
	if s == nil {
		return story{id: id}
	}
	out := *s
	out.events = slices.Clone(s.events)
	return out
}

// all is every request, from the oldest on.
func (w *watch) all() []story {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []story
	for id := range w.stories {
		out = append(out, w.copyLocked(id))
	}
	slices.SortFunc(out, func(a, b story) int { return strings.Compare(a.id, b.id) })
	return out
}

// until waits until the story of a request satisfies ok; false where the
// context ended first.
func (w *watch) until(ctx context.Context, id string, ok func(story) bool) (story, bool) {
	for {
		s, changed := w.story(id)
		if ok(s) {
			return s, true
		}
		select {
		case <-ctx.Done():
			return s, false
		case <-changed:
		}
	}
}
