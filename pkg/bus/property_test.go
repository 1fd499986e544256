package bus_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

// ending is how a handler's tries end: with each of the outcomes in turn, and
// nil from then on.
type ending []string

func (e ending) outcome(try int) error {
	if try >= len(e) {
		return nil
	}
	switch e[try] {
	case "later":
		return bus.Later(time.Minute, errHandler)
	case "terminal":
		return bus.Terminal(errHandler)
	case "panic":
		panic(errHandler)
	default:
		return errHandler
	}
}

// parks says by the rules whether the message ends in the dead-letter queue.
func (e ending) parks(limit int) bool {
	i := slices.Index(e, "terminal")
	return len(e) >= limit || i >= 0
}

// history is what became of a random run's messages, by number.
type history struct {
	Handled, Parked, Deleted []int
	Left                     int
}

// scene is a random run.
type scene struct {
	endings          []ending
	workers, pollers int
	// failEvery makes every so many entries of batches fail, 0 none.
	failEvery int
}

func drawScene(r *rapid.T) scene {
	outcome := rapid.SampledFrom([]string{"later", "terminal", "panic", "error"})
	one := rapid.Map(rapid.SliceOfN(outcome, 0, 6), func(s []string) ending { return s })
	return scene{
		endings:   rapid.SliceOfN(one, 0, 45).Draw(r, "endings"),
		workers:   rapid.IntRange(1, 12).Draw(r, "workers"),
		pollers:   rapid.IntRange(1, 4).Draw(r, "pollers"),
		failEvery: rapid.SampledFrom([]int{0, 2, 3, 5}).Draw(r, "failEvery"),
	}
}

func (s scene) expected(limit int) history {
	var h history
	for i, e := range s.endings {
		if h.Deleted = append(h.Deleted, i); e.parks(limit) {
			h.Parked = append(h.Parked, i)
		} else {
			h.Handled = append(h.Handled, i)
		}
	}
	return h
}

// I13, I15, I16: whatever the sizes of the batches and whatever fails on the
// way, each message is handled, or parked as the rules say, and deleted then.
func TestEveryMessageIsHandledOrParkedBeforeItIsDeleted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		s := drawScene(r)
		var got history
		synctest.Test(t, func(t *testing.T) { got = s.play(t) })
		if diff := cmp.Diff(s.expected(config().MaxReceive), got); diff != "" {
			r.Fatal(diff)
		}
	})
}

func (s scene) play(t *testing.T) history {
	f, c := newFake(), config()
	c.Workers, c.Pollers = s.workers, s.pollers
	f.onEntry(func(_, id string, n int) (string, bool) {
		if s.failEvery > 0 && (len(id)+n)%s.failEvery == 0 {
			return "InternalError", false
		}
		return "", false
	})
	actor := &actor{scene: s, tries: map[int]int{}}
	p, err := bus.NewPoller(f, router(t, actor.handle), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = p.Run(ctx) }()
	bodies := pings(t, len(s.endings))
	ids := f.put(bodies...)
	after(6 * time.Hour)
	cancel()
	<-done
	return actor.history(f, ids, bodies)
}

type actor struct {
	scene

	mu      sync.Mutex
	tries   map[int]int
	handled []int
}

func (a *actor) handle(_ context.Context, e event.Typed[ping]) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := e.Data.N
	try := a.tries[n]
	a.tries[n]++
	err := a.endings[n].outcome(try)
	if err == nil {
		a.handled = append(a.handled, n)
	}
	return err
}

func (a *actor) history(f *fakeSQS, ids, bodies []string) history {
	h := history{Handled: a.handled, Left: f.left()}
	for _, id := range f.gone() {
		h.Deleted = append(h.Deleted, slices.Index(ids, id))
	}
	for _, m := range f.parked() {
		h.Parked = append(h.Parked, slices.Index(bodies, *m.MessageBody))
	}
	for _, numbers := range [][]int{h.Handled, h.Parked, h.Deleted} {
		slices.Sort(numbers)
	}
	return h
}
