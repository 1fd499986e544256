package grantor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// rounds gathers what many handlers ask of one server: what comes in while a
// round is served is the next round. mostInside bounds how many there are, but for
// the few of a sweep. Nobody who waits holds a connection.
type rounds[J any] struct {
	// serve does one round. It answers each asked, or says when to serve it again.
	// Its context ends when nobody of the round waits any more.
	serve func(ctx context.Context, round []*asked[J])

	mu      sync.Mutex
	waiting []*asked[J]
	running bool
	// changed wakes whoever waits for the next round to be due.
	changed chan struct{}
}

// asked is what one handler waits for.
type asked[J any] struct {
	job J
	ctx context.Context
	// due is when it is to be served, missing what it waits for until then.
	due      time.Time
	missing  error
	answered bool
	err      error
	answer   chan error
}

func newRounds[J any](serve func(context.Context, []*asked[J])) *rounds[J] {
	return &rounds[J]{serve: serve, changed: make(chan struct{}, 1)}
}

// done answers.
func (a *asked[J]) done(err error) { a.answered, a.err = true, err }

// again has it served once more at that time.
func (a *asked[J]) again(at time.Time, missing error) { a.due, a.missing = at, missing }

// do has a job done and waits for it, for as long as ctx lasts. The job belongs to
// the rounds until they have answered.
func (r *rounds[J]) do(ctx context.Context, job J) error {
	a := &asked[J]{job: job, ctx: ctx, answer: make(chan error, 1)}
	r.join(a)
	select {
	case err := <-a.answer:
		return err
	case <-ctx.Done():
		return errors.Join(ctx.Err(), r.leave(a))
	}
}

func (r *rounds[J]) join(a *asked[J]) {
	r.mu.Lock()
	r.waiting = append(r.waiting, a)
	begin := !r.running
	r.running = true
	r.mu.Unlock()
	if begin {
		go r.run()
		return
	}
	r.wake()
}

// leave takes back what was asked, and says what it was waiting for.
func (r *rounds[J]) leave(a *asked[J]) error {
	defer r.wake()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remove(a)
	return a.missing
}

func (r *rounds[J]) remove(a *asked[J]) {
	r.waiting = slices.DeleteFunc(r.waiting, func(w *asked[J]) bool { return w == a })
}

func (r *rounds[J]) wake() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// run serves rounds for as long as anybody waits.
func (r *rounds[J]) run() {
	for {
		round, next, waits := r.next()
		switch {
		case !waits:
			return
		case len(round) > 0:
			r.settle(round, r.served(round))
		default:
			timer := time.NewTimer(time.Until(next))
			select {
			case <-timer.C:
			case <-r.changed:
			}
			timer.Stop()
		}
	}
}

// next is who is due, or when somebody will be.
func (r *rounds[J]) next() (round []*asked[J], next time.Time, waits bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for _, a := range r.waiting {
		switch {
		case !a.due.After(now):
			round = append(round, a)
		case next.IsZero() || a.due.Before(next):
			next = a.due
		}
	}
	r.running = len(r.waiting) > 0
	return round, next, r.running
}

// served serves a copy of what is due: who has left may read his own.
func (r *rounds[J]) served(round []*asked[J]) (copies []*asked[J]) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(round[0].ctx))
	defer cancel()
	var left atomic.Int32
	for _, a := range round {
		c := *a
		copies = append(copies, &c)
		stop := context.AfterFunc(a.ctx, func() {
			if int(left.Add(1)) == len(round) {
				cancel()
			}
		})
		defer stop()
	}
	defer func() {
		if p := recover(); p != nil {
			for _, c := range copies {
				c.done(fmt.Errorf("serving a round: panic with a value of type %T", p))
			}
		}
	}()
	r.serve(ctx, copies)
	return copies
}

// settle notes what a round came to, and answers.
func (r *rounds[J]) settle(round, served []*asked[J]) {
	r.note(round, served)
	for i, a := range round {
		if served[i].answered {
			a.answer <- served[i].err
		}
	}
}

func (r *rounds[J]) note(round, served []*asked[J]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, a := range round {
		if served[i].answered {
			r.remove(a)
		}
		a.due, a.missing = served[i].due, served[i].missing
	}
}
