package sim

import (
	"context"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// What else a Forge may say, beside types of events.
const (
	// ofAStranger is everything that begins or ends something, of a request that
	// nobody has heard of.
	ofAStranger = "events of a request that nobody knows"
	// ofTheFuture is an approval in a version that is not there yet.
	ofTheFuture = "an approval of version 99"
)

// stranger is a request that never was.
const stranger = "pp-00000000000000000000000000"

func (w *world) sayOfAStranger(ctx context.Context) error {
	now := time.Now().UTC()
	for _, said := range []struct {
		source event.Source
		data   event.Data
	}{
		{event.Reaper, event.Armed{Stop: "start", At: now.Add(time.Minute), Generation: 1}},
		{event.Provisioner, w.forgedInstance(stranger)},
		{event.Reaper, event.Expired{Cause: event.ByTime, EndedAt: now}},
	} {
		if err := w.say(ctx, said.source, stranger, said.data); err != nil {
			return err
		}
	}
	return nil
}

// sayOfTheFuture repeats the request's own approval, paper and all, in a version
// that nobody here can read.
func (w *world) sayOfTheFuture(ctx context.Context, id string) error {
	approved, ok := last[event.Approved](w.seen, id)
	if !ok {
		return errNotSeen
	}
	return w.sayAs(ctx, event.Approval, id, approved, func(h *event.Header) { h.Version = 99 })
}
