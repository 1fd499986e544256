package bus

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"

	"github.com/powerpole/powerpole/pkg/event"
)

// recovered makes a panic an error, so that one message never stops a service.
func recovered(log *slog.Logger) Middleware {
	return func(next Handler) Handler {
		return func(ctx context.Context, e event.Event, data event.Data) (err error) {
			defer func() {
				if p := recover(); p != nil {
					err = panicError(p)
					log.ErrorContext(ctx, "handler panicked", "type", clean(e.Type, maxName),
						"request_id", clean(e.Detail.RequestID, maxName), "id", clean(e.Detail.ID, maxName),
						"error", err, "stack", string(debug.Stack()))
				}
			}()
			return next(ctx, e, data)
		}
	}
}

// panicError says what Go's runtime says. Of any other value only the type is
// told: what somebody panicked with may hold anything.
func panicError(p any) error {
	if err, ok := p.(runtime.Error); ok {
		return fmt.Errorf("%w: %w", errPanic, err)
	}
	return fmt.Errorf("%w with a value of type %T", errPanic, p)
}
