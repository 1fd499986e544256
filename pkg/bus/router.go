package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// newerWait is how long a version newer than ours waits for an upgrade before
// it is looked at again.
const newerWait = 3 * time.Minute

// Handler handles one event whose data has been decoded and checked. Its error
// is the outcome: nil acknowledges, Later asks again, Terminal parks, anything
// else retries with backoff until the queue's receive limit parks it.
type Handler func(ctx context.Context, e event.Event, data event.Data) error

// Middleware wraps every handler of a router.
type Middleware func(Handler) Handler

// Router finds the handler of an event by source, type and version.
type Router struct {
	registry *event.Registry
	handlers map[event.Kind]Handler
	families map[event.Kind]bool // kinds of handlers, with version 0
	wrap     []Middleware
}

// NewRouter returns a router without handlers. What protects the loop (recover,
// timeout, trace, metrics, log) is always there and need not be passed; wrap is
// what a service adds for itself.
func NewRouter(registry *event.Registry, wrap ...Middleware) *Router {
	return &Router{registry: registry, handlers: map[event.Kind]Handler{}, families: map[event.Kind]bool{}, wrap: wrap}
}

// On registers the handler of type T from one source. It returns an error where
// the registry does not know the kind or somebody handles it already. It must
// not be called once a Poller or Lambda runs on the router.
func On[T event.Data](r *Router, from event.Source, handle func(context.Context, event.Typed[T]) error) error {
	var zero T
	kind := event.Kind{Source: from, Type: zero.EventType(), Version: zero.EventVersion()}
	if _, err := r.registry.Lookup(kind); err != nil {
		return fmt.Errorf("registering a handler: %w", err)
	}
	if _, ok := r.handlers[kind]; ok {
		return fmt.Errorf("registering a handler: %s has one already", kind)
	}
	r.handlers[kind] = wrapped(r.wrap, func(ctx context.Context, e event.Event, data event.Data) error {
		return handle(ctx, event.Typed[T]{Header: e.Detail.Header, Source: e.Source, Data: data.(T)})
	})
	r.families[family(kind)] = true
	return nil
}

func family(k event.Kind) event.Kind { return event.Kind{Source: k.Source, Type: k.Type} }

// wrapped puts the middleware around h, the first outermost.
func wrapped(wrap []Middleware, h Handler) Handler {
	for i := len(wrap) - 1; i >= 0; i-- {
		h = wrap[i](h)
	}
	return h
}

// route reads a message. Its error is the outcome of what no handler gets to
// see; the event is then as much of it as could be read.
func (r *Router) route(body []byte) (event.Event, event.Data, error) {
	received, err := event.Parse(body)
	if err != nil {
		return received.Event, nil, Terminal(err)
	}
	if received.ReplayName != "" {
		return received.Event, nil, &skipError{Replayed, "replayed from an archive"}
	}
	kind := received.Kind()
	if _, ok := r.handlers[kind]; !ok {
		return received.Event, nil, r.without(kind)
	}
	data, err := r.registry.Decode(received.Event)
	if err != nil {
		return received.Event, nil, Terminal(err)
	}
	return received.Event, data, nil
}

// without says what becomes of a kind that has no handler here. It is never
// nil.
func (r *Router) without(kind event.Kind) error {
	_, err := r.registry.Lookup(kind)
	switch {
	case errors.Is(err, event.ErrUnknownType):
		return &skipError{Unknown, err.Error()}
	case !r.families[family(kind)]:
		return &skipError{Unhandled, kind.String() + " is not for this service"}
	case errors.Is(err, event.ErrNewerVersion):
		return Later(newerWait, err)
	case err != nil:
		return Terminal(err)
	default:
		// Another version of it is handled here: to drop this one would lose it.
		return Terminal(fmt.Errorf("%s has no handler here, though other versions have", kind))
	}
}
