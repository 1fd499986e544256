package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// deadlined ends a handler's context after d, and tells an error that comes of
// that from one that comes of shutdown.
func deadlined(d time.Duration) Middleware {
	return func(next Handler) Handler {
		return func(outer context.Context, e event.Event, data event.Data) error {
			ctx, cancel := context.WithTimeout(outer, d)
			defer cancel()
			err := next(ctx, e, data)
			switch {
			case err == nil:
				return nil
			case outer.Err() != nil:
				return fmt.Errorf("%w: %w", errInterrupted, err)
			case errors.Is(ctx.Err(), context.DeadlineExceeded):
				return fmt.Errorf("%w after %s: %w", errTimeout, d, err)
			default:
				return err
			}
		}
	}
}
