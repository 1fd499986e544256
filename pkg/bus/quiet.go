package bus

import "sync/atomic"

// Quiet is whether nothing waits for a service's answer: its sweep has found
// nothing live, and no message has come since the sweep began. A Poller that is
// quiet rests between two receives that find nothing. A lease is live until its
// end is told, so that no end waits for it; what an index did not show the sweep
// yet is at most the next message of that request, late by one rest. A nil Quiet
// never is.
type Quiet struct {
	// heard counts the receives that found something; quiet is what it was, and
	// one, when nothing was live.
	heard, quiet atomic.Int64
}

// Heard is how often a Poller has received something. It is for Declare.
func (q *Quiet) Heard() int64 {
	if q == nil {
		return 0
	}
	return q.heard.Load()
}

// Declare says that nothing was live when Heard was that. It is for the sweep.
func (q *Quiet) Declare(heard int64) {
	if q != nil {
		q.quiet.Store(heard + 1)
	}
}

func (q *Quiet) broken() {
	if q != nil {
		q.heard.Add(1)
	}
}

// Holds reports whether nothing has come since it was declared.
func (q *Quiet) Holds() bool { return q != nil && q.quiet.Load() == q.heard.Load()+1 }
