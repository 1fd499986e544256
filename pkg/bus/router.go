package bus

import (
	"context"
	"fmt"

	"github.com/powerpole/powerpole/pkg/event"
)

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
	wrap     []Middleware
}

// NewRouter returns a router without handlers.
func NewRouter(registry *event.Registry, wrap ...Middleware) *Router {
	return &Router{registry: registry, handlers: map[event.Kind]Handler{}, wrap: wrap}
}

// On registers the handler of type T from one source. It returns an error where
// the registry does not know the kind or somebody handles it already.
func On[T event.Data](r *Router, from event.Source, handle func(context.Context, event.Typed[T]) error) error {
	var zero T
	kind := event.Kind{Source: from, Type: zero.EventType(), Version: zero.EventVersion()}
	if _, err := r.registry.Lookup(kind); err != nil {
		return fmt.Errorf("registering a handler: %w", err)
	}
	if _, ok := r.handlers[kind]; ok {
		return fmt.Errorf("registering a handler: %s has one already", kind)
	}
	h := Handler(func(ctx context.Context, e event.Event, data event.Data) error {
		return handle(ctx, event.Typed[T]{Header: e.Detail.Header, Source: e.Source, Data: data.(T)})
	})
	for i := len(r.wrap) - 1; i >= 0; i-- {
		h = r.wrap[i](h)
	}
	r.handlers[kind] = h
	return nil
}
