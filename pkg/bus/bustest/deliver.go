package bustest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

var errProbe = errors.New("the probe failed")

// collector is a handler that tells of each probe and answers as then says.
type collector struct {
	seen chan event.Typed[Probe]
	then func(event.Typed[Probe]) error
}

func collect(then func(event.Typed[Probe]) error) *collector {
	return &collector{make(chan event.Typed[Probe], 1000), then}
}

func (c *collector) handle(_ context.Context, e event.Typed[Probe]) error {
	defer func() { c.seen <- e }()
	if c.then == nil {
		return nil
	}
	return c.then(e)
}

// next waits for n probes.
func (c *collector) next(t testing.TB, n int) (out []event.Typed[Probe]) {
	t.Helper()
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	for len(out) < n {
		select {
		case e := <-c.seen:
			out = append(out, e)
		case <-late.C:
			t.Fatalf("%d probes were handled, want %d", len(out), n)
		}
	}
	return out
}

// quiet checks that no more probes come for a while.
func (c *collector) quiet(t testing.TB, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case e := <-c.seen:
		t.Errorf("probe %d was handled once more", e.Data.N)
	case <-timer.C:
	}
}

func numbers(n int) (out []int) {
	for i := range n {
		out = append(out, i)
	}
	return out
}

func publishReachesHandler(t *testing.T, r *Rig) {
	c := collect(nil)
	_, stop := r.Start(t, r.Config(), c.handle)
	want := map[string]event.Typed[Probe]{}
	events := make([]event.Event, 25)
	for i := range events {
		events[i] = r.Probe(t, i)
		events[i].Detail.Trace = event.Trace{Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
		want[events[i].Detail.ID] = event.Typed[Probe]{Header: events[i].Detail.Header, Source: r.Source, Data: Probe{i}}
	}
	ok(t, r.Publisher.Publish(t.Context(), events...))
	got := map[string]event.Typed[Probe]{}
	for _, e := range c.next(t, len(events)) {
		got[e.ID] = e
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	stop()
	r.Empty(t)
}

func failedEntriesAreResent(t *testing.T, r *Rig) {
	c := collect(nil)
	r.Start(t, r.Config(), c.handle)
	f := &flaky{Client: r.EventBridge}
	p, err := bus.NewPublisher(f, r.Bus, r.Source, r.Registry)
	ok(t, err)
	ok(t, p.Publish(t.Context(), r.Probe(t, 0), r.Probe(t, 1), r.Probe(t, 2)))
	var got []int
	for _, e := range c.next(t, 3) {
		got = append(got, e.Data.N)
	}
	if slices.Sort(got); !slices.Equal(got, numbers(3)) || !slices.Equal(f.sizes, []int{3, 1}) {
		t.Errorf("handled %v from batches of %v", got, f.sizes)
	}
}

func lostMessageComesAgain(t *testing.T, r *Rig) {
	r.Publish(t, 1)
	lost := r.receive(t, r.QueueURL, 1)[0]
	_, err := r.SQS.ChangeMessageVisibility(t.Context(), visibility(r, lost, 2))
	ok(t, err)
	begin := time.Now()
	c := collect(nil)
	s, stop := r.Start(t, r.Config(), c.handle)
	c.next(t, 1)
	if waited := time.Since(begin); waited < time.Second || s.Received()[*lost.MessageId] != 1 {
		t.Errorf("handled after %s, received %v", waited, s.Received())
	}
	stop()
	r.Empty(t)
}

func heartbeatKeepsMessage(t *testing.T, r *Rig) {
	c := collect(func(event.Typed[Probe]) error {
		time.Sleep(7 * time.Second) // more than three times its visibility
		return nil
	})
	s, stop := r.Start(t, r.Config(), c.handle)
	r.Publish(t, 1, 2)
	c.next(t, 2)
	c.quiet(t, 3*time.Second)
	for id, n := range s.Received() {
		if n != 1 {
			t.Errorf("%s was received %d times", id, n)
		}
	}
	stop()
	r.Empty(t)
}

func laterIsTheSameMessage(t *testing.T, r *Rig) {
	first := true
	c := collect(func(event.Typed[Probe]) error {
		if first {
			first = false
			return bus.Later(4*time.Second, errProbe)
		}
		return nil
	})
	s, stop := r.Start(t, r.Config(), c.handle)
	r.Publish(t, 1)
	c.next(t, 1)
	begin := time.Now()
	c.next(t, 1)
	if waited := time.Since(begin); waited < 3900*time.Millisecond || waited > 8*time.Second {
		t.Errorf("it came back after %s", waited)
	}
	if got := s.Received(); len(got) != 1 {
		t.Errorf("received %v: not the same message", got)
	}
	stop()
	r.Empty(t)
}

func errorKeepsMessage(t *testing.T, r *Rig) {
	failing := true
	c := collect(func(event.Typed[Probe]) error {
		if failing {
			failing = false
			return errProbe
		}
		return nil
	})
	s, stop := r.Start(t, r.Config(), c.handle)
	r.Publish(t, 1)
	c.next(t, 1)
	if n := s.Deleted(""); n != 0 {
		t.Errorf("%d deletes after an error", n)
	}
	c.next(t, 1)
	stop()
	r.Empty(t)
}

// undated hides a test's deadline, which a synctest bubble may not ask for.
type undated struct{ testing.TB }

// deletedWasHandled is I13: a batch is never deleted as a whole because some
// of it was handled.
func deletedWasHandled(t *testing.T, r *Rig) {
	fails := map[int]bool{}
	c := collect(func(e event.Typed[Probe]) error {
		if fails[e.Data.N] {
			return bus.Terminal(errProbe)
		}
		return nil
	})
	config := r.Config()
	config.Workers = 1 // fails is not locked
	s, stop := r.Start(t, config, c.handle)
	next, parked := 0, 0
	rapid.Check(undated{t}, func(rt *rapid.T) {
		bad := rapid.SliceOfN(rapid.Bool(), 1, 25).Draw(rt, "bad")
		batch := make([]int, len(bad))
		for i, b := range bad {
			next++
			if batch[i] = next; b {
				parked++
				fails[next] = true
			}
		}
		r.Publish(t, batch...)
		c.next(t, len(batch))
	})
	stop()
	r.Empty(t)
	for n := 1; n <= next; n++ {
		if got := s.Deleted(r.Probe(t, n).Detail.ID); got != 1 {
			t.Errorf("%d deletes of probe %d", got, n)
		}
	}
	for _, m := range r.Parked(t, parked) {
		if !strings.Contains(*m.Body, `"detail-type":"Probe"`) {
			t.Errorf("parked: %s", *m.Body)
		}
	}
}
