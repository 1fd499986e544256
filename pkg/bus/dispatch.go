package bus

import (
	"context"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// message is one message of a queue, as Poller and Lambda hand it over.
type message struct {
	id       string
	body     string
	receives int       // how often it was received, this time included
	sent     time.Time // zero where the queue did not say
}

// dispatcher takes a message to its verdict, alike for Poller and Lambda.
type dispatcher struct {
	router *Router
	limit  int
	handle Handler
}

func newDispatcher(r *Router, c Config) (*dispatcher, error) {
	meters, err := measure(c, r.registry)
	if err != nil {
		return nil, err
	}
	d := &dispatcher{router: r, limit: c.MaxReceive}
	d.handle = wrapped([]Middleware{
		traced(c), meters, logged(c), deadlined(c.Timeout), recovered(c.Logger),
	}, d.inner)
	return d, nil
}

// delivery is what the middleware may know of a message beside its event.
type delivery struct {
	message
	limit int
	// problem is the outcome that is settled before any handler: the message
	// cannot be read, or concerns nobody here.
	problem error
}

type deliveryKey struct{}

func deliveryOf(ctx context.Context) *delivery {
	d, _ := ctx.Value(deliveryKey{}).(*delivery)
	return d
}

// MessageID is the queue's id of the message that is being handled, "" outside of
// a handler. It tells apart what two handlers do for one request.
func MessageID(ctx context.Context) string {
	if d := deliveryOf(ctx); d != nil {
		return d.id
	}
	return ""
}

func (d *delivery) judge(err error) verdict { return judge(err, d.receives, d.limit) }

// dispatch handles a message and says what becomes of it. It does not touch
// the queue.
func (d *dispatcher) dispatch(ctx context.Context, m message) (verdict, event.Event) {
	e, data, err := d.router.route([]byte(m.body))
	if err == nil && m.receives > d.limit {
		// It should have been parked the last time: either that failed, or the
		// process died while handling it. It does not get another chance.
		err = errTooOften
	}
	del := &delivery{message: m, limit: d.limit, problem: err}
	err = d.handle(context.WithValue(ctx, deliveryKey{}, del), e, data)
	return del.judge(err), e
}

// inner is what all middleware is around. Messages without a handler pass
// through the middleware too: they are counted and logged like all others.
func (d *dispatcher) inner(ctx context.Context, e event.Event, data event.Data) error {
	if problem := deliveryOf(ctx).problem; problem != nil {
		return problem
	}
	return d.router.handlers[e.Kind()](ctx, e, data)
}
