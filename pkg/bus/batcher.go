package bus

import (
	"context"
	"sync"
	"time"
)

// linger is how long a batch that is not full waits for more.
const linger = 5 * time.Millisecond

// batcher gathers items and flushes them ten at a time, or what there is after
// linger. Flushes begin in the order in which items were added; how many run at
// once is bounded, and with one they also end in that order.
type batcher[T any] struct {
	in    chan T
	stop  chan struct{}
	slots chan struct{}
	flush func(context.Context, []T)
}

func newBatcher[T any](parallel int, flush func(context.Context, []T)) *batcher[T] {
	return &batcher[T]{
		in: make(chan T, maxBatch), stop: make(chan struct{}),
		slots: make(chan struct{}, parallel), flush: flush,
	}
}

// add hands an item over; it waits while everything is busy. After close it
// may drop the item.
func (b *batcher[T]) add(item T) {
	select {
	case b.in <- item:
	case <-b.stop:
	}
}

// close lets run flush what was added before, and return.
func (b *batcher[T]) close() { close(b.stop) }

// run gathers and flushes until close.
func (b *batcher[T]) run(ctx context.Context) {
	var flushes sync.WaitGroup
	defer flushes.Wait()
	for {
		batch := b.gather()
		if len(batch) == 0 {
			return
		}
		b.slots <- struct{}{}
		flushes.Go(func() {
			defer func() { <-b.slots }()
			b.flush(ctx, batch)
		})
	}
}

// gather returns the next batch. It is empty only after close, when there is
// nothing left.
func (b *batcher[T]) gather() []T {
	first, ok := b.first()
	if !ok {
		return nil
	}
	batch := append(make([]T, 0, maxBatch), first)
	full := time.NewTimer(linger)
	defer full.Stop()
	for len(batch) < maxBatch {
		select {
		case item := <-b.in:
			batch = append(batch, item)
		case <-full.C:
			return batch
		case <-b.stop:
			return b.rest(batch)
		}
	}
	return batch
}

func (b *batcher[T]) first() (item T, ok bool) {
	select {
	case item = <-b.in:
		return item, true
	default:
	}
	select {
	case item = <-b.in:
		return item, true
	case <-b.stop:
	}
	select {
	case item = <-b.in:
		return item, true
	default:
		return item, false
	}
}

// rest fills the batch with what is there already.
func (b *batcher[T]) rest(batch []T) []T {
	for len(batch) < maxBatch {
		select {
		case item := <-b.in:
			batch = append(batch, item)
		default:
			return batch
		}
	}
	return batch
}
