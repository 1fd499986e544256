package bus

import "sync/atomic"

// Quiet is whether nothing waits for a service's answer: its sweep has found
// nothing live, and no message has come since. A Poller that is quiet rests
// between two receives that find nothing; nothing that ends a lease waits for
// it, since a lease is live until its end is told. A nil Quiet never is.
type Quiet struct{ on atomic.Bool }

// Declare says that nothing is live. It is for the sweep.
func (q *Quiet) Declare() {
	if q != nil {
		q.on.Store(true)
	}
}

func (q *Quiet) broken() {
	if q != nil {
		q.on.Store(false)
	}
}

// Holds reports whether nothing has come since it was declared.
func (q *Quiet) Holds() bool { return q != nil && q.on.Load() }
