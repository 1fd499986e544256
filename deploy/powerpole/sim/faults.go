package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// errLost stands for an answer that never came, errCut for a connection that
// ended before a call was made.
var (
	errLost = errors.New("connection reset by peer")
	errCut  = errors.New("connection closed")
)

// fate is what becomes of one call.
type fate struct {
	kind FaultKind
	by   time.Duration
	// refused says that the call is not made: by an error of the server's own,
	// or by a broken connection.
	refused, broken bool
}

// faults decides what goes wrong, by the plan. It is asked only by whoever the
// gate has just let on, so what is the third of its kind is the same in every
// run.
type faults struct {
	plan   []Fault
	order  uint64
	counts map[string]int
	now    func() time.Duration
	fired  []firing

	// replaying says that nothing but a replay is going on; replayed are the
	// calls that were made then.
	replaying atomic.Bool
	replayed  []string
}

// firing is a fault that happened, and when it is over.
type firing struct {
	Fault
	from, to time.Duration
}

func newFaults(p Plan, now func() time.Duration) *faults {
	return &faults{plan: p.Faults, order: p.Order, counts: map[string]int{}, now: now}
}

// note says that a fault happens now, and is over after that long.
func (f *faults) note(what Fault, lasts time.Duration) {
	f.fired = append(f.fired, firing{what, f.now(), f.now() + lasts})
}

// touched says that something of those services and systems went wrong in that
// time.
func (f *faults) touched(those []string, from, to time.Time) bool {
	began := time.Now().Add(-f.now())
	return slices.ContainsFunc(f.fired, func(w firing) bool {
		return slices.Contains(those, w.Where) && !began.Add(w.from).After(to) && !began.Add(w.to).Before(from)
	})
}

// next counts one more of that kind and returns which it is, from 0.
func (f *faults) next(kind string) int {
	n := f.counts[kind]
	f.counts[kind]++
	return n
}

// of decides about a call that is about to be made.
func (f *faults) of(c call) fate {
	service := c.process.name
	n := f.next(service + " " + c.op)
	if f.replaying.Load() && !strings.HasPrefix(c.op, "sqs ") {
		f.replayed = append(f.replayed, service+" "+c.op)
	}
	for _, w := range f.plan {
		if w.Kind == Refusing && within(w, f.now()) && strings.HasPrefix(c.op, w.Where+" ") {
			f.note(w, w.At+w.For-f.now())
			broken := hash(uint64(n), uint64(w.At), c.op)%2 == 0
			return fate{kind: Refusing, refused: true, broken: broken}
		}
		if w.Kind == Storm && w.Where == service && within(w, f.now()) && !strings.HasPrefix(c.op, "sqs ") {
			return fate{kind: Slow, by: w.By}
		}
		if w.timed() || w.Where != service || w.What != c.op || n < w.Nth || n >= w.Nth+max(w.N, 1) {
			continue
		}
		switch w.Kind {
		case Throttled:
			f.note(w, 0)
			return fate{kind: w.Kind, refused: true}
		case Lost, Slow, Partial, CrashBefore, CrashAfter, Unacked, Again, Widened, Narrowed:
			f.note(w, w.By)
			return fate{kind: w.Kind, by: w.By}
		}
	}
	return fate{}
}

func (f *faults) whileReplaying() []string { return f.replayed }

// slowing says that handlers of the service may run out of time which begin now.
func (f *faults) slowing(service string) bool {
	const timeout = time.Minute // with something to spare
	return slices.ContainsFunc(f.plan, func(w Fault) bool {
		return (w.Kind == Refusing || w.Kind == Storm && w.Where == service) && f.now() > w.At-timeout && f.now() < w.At+w.For
	})
}

// still says that another fault of the kind lasts, when one is over.
func (f *faults) still(kind FaultKind) bool {
	return slices.ContainsFunc(f.plan, func(w Fault) bool { return w.Kind == kind && within(w, f.now()) })
}

func within(w Fault, now time.Duration) bool { return now >= w.At && now < w.At+w.For }

// delivery is when the copies of a message are delivered, as delays from now.
func (f *faults) delivery(queue, kind string) []time.Duration {
	service := strings.TrimPrefix(queue, "powerpole-")
	n := f.next("post " + service + " " + kind)
	for _, w := range f.plan {
		if w.timed() || w.Where != service || !strings.HasPrefix(kind, w.What) || n != w.Nth {
			continue
		}
		switch w.Kind {
		case Duplicate:
			f.note(w, 0)
			copies := []time.Duration{0}
			for i := 1; i < w.N; i++ {
				copies = append(copies, time.Duration(hash(uint64(i), uint64(n), kind)%uint64(10*time.Minute))>>(8*(hash(uint64(i), 7, kind)%3)))
			}
			return copies
		case Delay:
			f.note(w, w.By)
			return []time.Duration{w.By}
		case Never:
			f.note(w, 0)
			return nil
		}
	}
	if f.order != 0 {
		copies := shuffled(hash(f.order, uint64(n), queue+kind))
		first := slices.Min(copies)
		f.note(Fault{Kind: Delay, Where: service, What: kind, Nth: n, By: first}, first)
		return copies
	}
	return []time.Duration{0}
}

// shuffled is one to three copies of a message, each late by some seconds or, a
// third of them, by up to two minutes, so that messages overtake others that are
// far ahead. Whatever comes once more may do so half an hour later, when nothing
// may begin any more.
func shuffled(h uint64) (copies []time.Duration) {
	for i := range 1 + h%3 {
		h = hash(h, i, "copy")
		late := time.Duration(h/64%5000) * time.Millisecond
		switch {
		case i > 0 && h%4 == 0:
			late *= 400
		case h%3 == 0:
			late *= 24
		}
		copies = append(copies, late)
	}
	return copies
}

func (w firing) String() string {
	return fmt.Sprintf("%s from %s to %s", w.Fault, w.from.Round(time.Second), w.to.Round(time.Second))
}
