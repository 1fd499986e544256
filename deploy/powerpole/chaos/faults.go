package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// havoc kills and cuts until the context ends, and leaves everything mended.
func (s *stage) havoc(ctx context.Context, seed uint64) {
	s.raging.Store(true)
	var both sync.WaitGroup
	both.Go(func() { s.kill(ctx, rand.New(rand.NewPCG(seed, 1))) })
	for i := range 2 { // two links can be broken at once
		both.Go(func() { s.cut(ctx, rand.New(rand.NewPCG(seed, uint64(2+i)))) })
	}
	both.Wait()
	// Whoever was started while a link was broken may still give up.
	time.AfterFunc(startWithin, func() { s.raging.Store(false) })
}

// counts of what was done to the processes.
type counts struct {
	kills, cuts atomic.Int64
	starts      atomic.Int64 // that failed
}

func (s *stage) kill(ctx context.Context, r *rand.Rand) {
	for pause(ctx, between(r, 1500*time.Millisecond, 4*time.Second)) {
		p, down := s.processes[r.IntN(len(s.processes))], between(r, 0, 2*time.Second)
		select {
		case <-ctx.Done():
			return
		case p.kills <- down:
			s.counts.kills.Add(1)
			s.journal.Printf("kill -9 %s, down for %s", p.name, down)
		}
	}
}

func (s *stage) cut(ctx context.Context, r *rand.Rand) {
	for pause(ctx, between(r, 500*time.Millisecond, 2500*time.Millisecond)) {
		link, t, lasts := s.network.links[r.IntN(len(s.network.links))], anyToxic(r), between(r, 200*time.Millisecond, 3*time.Second)
		s.journal.Printf("%s %s %s %v for %s", link.Name, t.Type, t.Stream, t.Attributes, lasts)
		if err := s.network.spoil(ctx, link, t, lasts); err != nil {
			s.journal.Printf("%v", err) // the other breaker has this link
			continue
		}
		s.counts.cuts.Add(1)
	}
}
