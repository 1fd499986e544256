package bus

import (
	"sync"
	"time"
)

// flight is a message between its receive and the call that ends it.
type flight struct {
	message

	// Guarded by the table's mutex.
	receipt string
	held    bool // heartbeats keep it hidden
	beat    *time.Timer
}

// flights is the table of what this process holds, by message id. Its lock is
// never held across a call.
type flights struct {
	every time.Duration
	beat  func(*flight)

	mu   sync.Mutex
	byID map[string]*flight
}

func newFlights(every time.Duration, beat func(*flight)) *flights {
	return &flights{every: every, beat: beat, byID: map[string]*flight{}}
}

// take enters a received message and keeps it hidden from now on. One that is
// here already, because SQS delivered it again, only brings its newer receipt
// handle: with an older one SQS may say yes to a delete and not delete.
func (t *flights) take(m message, receipt string) (*flight, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f, ok := t.byID[m.id]; ok {
		f.receipt = receipt
		return f, false
	}
	f := &flight{message: m, receipt: receipt, held: true}
	f.beat = time.AfterFunc(t.every, func() { t.pulse(f) })
	t.byID[m.id] = f
	return f, true
}

func (t *flights) pulse(f *flight) {
	if t.again(f) {
		t.beat(f)
	}
}

func (t *flights) again(f *flight) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.held {
		f.beat.Reset(t.every)
	}
	return f.held
}

// drop ends the heartbeats; the flight stays known until leave or done.
func (t *flights) drop(f *flight) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f.held = false
	f.beat.Stop()
}

// handle returns the newest receipt handle, and whether heartbeats are wanted.
func (t *flights) handle(f *flight) (receipt string, held bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return f.receipt, f.held
}

// leave forgets the flight and returns its newest receipt handle: from now on
// the same message is a new one.
func (t *flights) leave(f *flight) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byID[f.id] == f {
		delete(t.byID, f.id)
	}
	return f.receipt
}

// done forgets the flight if the receipt handle is still its newest.
func (t *flights) done(f *flight, receipt string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.receipt != receipt {
		return false
	}
	if t.byID[f.id] == f {
		delete(t.byID, f.id)
	}
	return true
}
