package store

import "github.com/powerpole/powerpole/pkg/clock"

// Option changes a Machine or a Log.
type Option func(*options)

type options struct{ clock clock.Clock }

// WithClock makes it write and compare moments by that clock instead of the
// system's.
func WithClock(c clock.Clock) Option { return func(o *options) { o.clock = c } }

func chosen(all []Option) (o options) {
	for _, option := range all {
		option(&o)
	}
	return o
}
