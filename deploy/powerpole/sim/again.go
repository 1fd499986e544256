package sim

import (
	"context"
	"strings"

	"github.com/powerpole/powerpole/pkg/topology"
)

// again delivers to a service everything that it ever was to get: S7.
func (w *world) again(ctx context.Context, service string) {
	s, ok := topology.Find(service)
	if !ok || s.Queue() == "" {
		return
	}
	for _, e := range w.seen.all() {
		if !e.replay && consumes(s, e) && !strings.Contains(e.json, `"replay-name"`) {
			w.note("again to "+service, w.deliver(ctx, s.Queue(), e.json))
		}
	}
}
