package sim

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing/synctest"
	"time"
)

// gate is what every call that leaves a service passes, before it happens and
// before its answer comes back. Calls park; when the bubble is quiet the seed
// says which of them goes on, by its key and never by its arrival. That makes
// one seed one history.
type gate struct {
	seed   uint64
	rng    *rand.Rand
	trace  *trace
	reseed func(step uint64)
	// after is called in a quiet bubble after everything that went on.
	after func(stop)

	mu      sync.Mutex
	parked  []*stop
	arrived chan struct{}
	steps   uint64
}

// stop is a call that is parked.
type stop struct {
	// key tells it from all others, alike in every run of a seed.
	key string
	// tie tells calls of one key apart; asked for only where there are some.
	tie func() string
	// earliest is when it may go on.
	earliest time.Time
	// effect says that something outside may be different after it.
	effect bool
	// dead ends with the process that calls.
	dead context.Context
	on   chan struct{}
	step uint64 // at which it was parked
}

func newGate(seed uint64, tr *trace, reseed func(uint64)) *gate {
	return &gate{
		seed: seed, rng: rand.New(rand.NewPCG(seed, 0x6761_7465)), trace: tr, reseed: reseed,
		after: func(stop) {}, arrived: make(chan struct{}, 1),
	}
}

// pass parks until the seed lets the call go on. Its error is that of the
// context, where that ends first.
func (g *gate) pass(ctx context.Context, s stop) error {
	s.on = make(chan struct{})
	g.mu.Lock()
	if s.earliest.IsZero() {
		s.earliest = time.Now().Add(g.latency(s.key))
	}
	s.step = g.steps
	g.parked = append(g.parked, &s)
	g.mu.Unlock()
	select {
	case g.arrived <- struct{}{}:
	default:
	}
	select {
	case <-s.on:
		return nil
	case <-ctx.Done():
		g.leave(&s)
		return context.Cause(ctx)
	case <-s.dead.Done():
		g.leave(&s)
		return errDead
	}
}

// latency is how long a call waits at the least: mostly some milliseconds, now
// and then up to a second, and never nothing.
func (g *gate) latency(key string) time.Duration {
	h := hash(g.seed, g.steps, key)
	d := time.Duration(1+h/16%8) * time.Millisecond
	switch h % 16 {
	case 0:
		d *= 100
	case 1, 2, 3:
		d *= 8
	}
	return d
}

// hash gives the same number for the same seed, number and text in every run.
func hash(seed, n uint64, text string) uint64 {
	h := fnv.New64a()
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	binary.LittleEndian.PutUint64(b[8:], n)
	_, _ = h.Write(b[:])
	_, _ = io.WriteString(h, text)
	x := h.Sum64() // FNV's last bytes hardly reach its low bits; mix them
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	return x ^ x>>33
}

func (g *gate) leave(s *stop) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.parked, s); i >= 0 {
		g.parked = slices.Delete(g.parked, i, i+1)
	}
}

// run lets calls go on, one at a time, until ctx ends.
func (g *gate) run(ctx context.Context) {
	for ctx.Err() == nil {
		synctest.Wait()
		s, next := g.choose()
		if s == nil {
			g.idle(ctx, next)
			continue
		}
		g.release(s)
	}
}

// release lets a call go on and waits until what follows from it has come to
// rest. Randomness begins anew with each step, so that who came first before
// changes nothing now.
func (g *gate) release(s *stop) {
	g.steps++
	g.trace.step(g.steps, s.key)
	g.reseed(g.steps)
	close(s.on)
	if s.effect {
		synctest.Wait()
		g.after(*s)
	}
}

// idle waits for another call, or for the moment when the next may go on.
func (g *gate) idle(ctx context.Context, next time.Time) {
	var due <-chan time.Time
	if !next.IsZero() {
		timer := time.NewTimer(time.Until(next))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-g.arrived:
	case <-due:
	case <-ctx.Done():
	}
}

// choose takes one of the calls that may go on now, or says when the next may.
func (g *gate) choose() (*stop, time.Time) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	var ready []*stop
	var next time.Time
	for _, s := range g.parked {
		if !s.earliest.After(now) {
			ready = append(ready, s)
		} else if next.IsZero() || s.earliest.Before(next) {
			next = s.earliest
		}
	}
	if len(ready) == 0 {
		return nil, next
	}
	slices.SortFunc(ready, compare)
	s := ready[g.rng.IntN(len(ready))]
	g.parked = slices.Delete(g.parked, slices.Index(g.parked, s), slices.Index(g.parked, s)+1)
	return s, time.Time{}
}

func compare(a, b *stop) int {
	if c := cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.step, b.step)); c != 0 || a.tie == nil || b.tie == nil {
		return c
	}
	return cmp.Compare(a.tie(), b.tie())
}

// trace is what happened, a line for each decision.
type trace struct {
	began time.Time

	mu    sync.Mutex
	lines []string
	notes []string // since the last decision, in any order
}

func (t *trace) step(n uint64, what string) {
	line := fmt.Sprintf("%6d %12s %s", n, t.elapsed(), what)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flush()
	t.lines = append(t.lines, line)
}

// note adds a line that is no decision of the gate.
func (t *trace) note(format string, args ...any) {
	line := fmt.Sprintf("     - %12s %s", t.elapsed(), fmt.Sprintf(format, args...))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notes = append(t.notes, line)
}

func (t *trace) flush() {
	slices.Sort(t.notes)
	t.lines = append(t.lines, t.notes...)
	t.notes = nil
}

func (t *trace) all() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flush()
	return t.lines
}

func (t *trace) elapsed() time.Duration { return time.Since(t.began).Round(time.Millisecond) }
