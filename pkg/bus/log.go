package bus

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// maxStrangers bounds what is remembered of types that nobody here handles.
const maxStrangers = 256

// logged writes one line for each message: what it was and what became of it,
// never what it says. Types that are not for this service get one line each,
// not one for every message.
func logged(c Config) Middleware {
	strangers := &kindSet{seen: map[event.Kind]bool{}}
	queue := queueName(c.QueueURL)
	return func(next Handler) Handler {
		return func(ctx context.Context, e event.Event, data event.Data) error {
			start := time.Now()
			err := next(ctx, e, data)
			d := deliveryOf(ctx)
			v := d.judge(err)
			level := v.level()
			if (v.reason == Unknown || v.reason == Unhandled) && !strangers.add(e.Kind()) {
				level = slog.LevelDebug
			}
			if c.Logger.Enabled(ctx, level) {
				c.Logger.LogAttrs(ctx, level, "message handled", line(e, d, v, queue, time.Since(start))...)
			}
			return err
		}
	}
}

func (v verdict) level() slog.Level {
	switch {
	case v.action == park:
		return slog.LevelError
	case v.backoff:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}

func line(e event.Event, d *delivery, v verdict, queue string, took time.Duration) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("queue", queue),
		slog.String("type", clean(e.Type, maxName)),
		slog.String("request_id", clean(e.Detail.RequestID, maxName)),
		slog.String("id", clean(e.Detail.ID, maxName)),
		slog.String("outcome", string(v.reason)),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.Int("receives", d.receives),
	}
	if v.err != nil {
		attrs = append(attrs, slog.String("error", clean(v.err.Error(), maxReason)))
	}
	return attrs
}

type kindSet struct {
	mu   sync.Mutex
	seen map[event.Kind]bool
}

// add reports whether the kind is new. A full set knows no new ones: whoever
// invents types must not fill the log or the memory.
func (s *kindSet) add(k event.Kind) bool {
	k = event.Kind{Source: event.Source(clean(string(k.Source), maxName)), Type: clean(k.Type, maxName)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[k] || len(s.seen) >= maxStrangers {
		return false
	}
	s.seen[k] = true
	return true
}
