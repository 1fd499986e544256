package bus

import (
	"errors"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// Reason says why a message met its outcome: a closed set, fit for a metric's
// attribute.
type Reason string

// Every reason that there is.
const (
	Handled     Reason = "handled"     // the handler said nil
	Replayed    Reason = "replayed"    // an archive replays it; it has no effect
	Unknown     Reason = "unknown"     // no such type is registered
	Unhandled   Reason = "unhandled"   // a known type that is not for this service
	Asked       Reason = "later"       // the handler asked for Later
	Newer       Reason = "newer"       // a version that this build does not know yet
	Interrupted Reason = "interrupted" // the service is stopping
	Failed      Reason = "failed"      // the handler returned an error
	TimedOut    Reason = "timeout"     // the handler ran out of time
	Panicked    Reason = "panic"       // the handler panicked
	Malformed   Reason = "malformed"   // it cannot be decoded
	Refused     Reason = "terminal"    // the handler said Terminal
	Limit       Reason = "limit"       // received too often without a good outcome
	Left        Reason = "left"        // received too often, and left to the sweep
)

func reasons() []Reason {
	return []Reason{
		Handled, Replayed, Unknown, Unhandled, Asked, Newer, Interrupted,
		Failed, TimedOut, Panicked, Malformed, Refused, Limit, Left,
	}
}

// What the middleware marks an error with.
var (
	errInterrupted = errors.New("interrupted by shutdown")
	errTimeout     = errors.New("handler timed out")
	errPanic       = errors.New("handler panicked")
	errTooOften    = errors.New("received more often than the limit")
)

type action int

const (
	acknowledge action = iota // delete it
	comeBack                  // hide it for a while
	park                      // move it to the dead-letter queue
)

// verdict is what becomes of one message.
type verdict struct {
	action action
	reason Reason
	// after is how long the message stays hidden; only for comeBack, and only
	// where backoff is false.
	after   time.Duration
	backoff bool
	// err is what led here, nil for Handled.
	err error
}

// judge decides what becomes of a message: the only place that does. receives
// counts this time too; limit is the queue's.
func judge(err error, receives, limit int) verdict {
	if err == nil {
		return verdict{action: acknowledge, reason: Handled}
	}
	o := outcomeOf(err)
	if skip, ok := o.(*skipError); ok {
		return verdict{action: acknowledge, reason: skip.reason, err: err}
	}
	if _, ok := o.(*terminalError); ok {
		return verdict{action: park, reason: terminalReason(err), err: err}
	}
	if receives >= limit {
		err = fmt.Errorf("received %d times, the last time: %w", receives, err)
		if IsOnRecord(err) {
			return verdict{action: acknowledge, reason: Left, err: err}
		}
		return verdict{action: park, reason: limitReason(err), err: err}
	}
	if later, ok := o.(*laterError); ok {
		return verdict{action: comeBack, reason: laterReason(err), after: later.after, err: err}
	}
	if errors.Is(err, errInterrupted) {
		return verdict{action: comeBack, reason: Interrupted, err: err}
	}
	return verdict{action: comeBack, reason: failReason(err), backoff: true, err: err}
}

func terminalReason(err error) Reason {
	if errors.Is(err, event.ErrMalformed) {
		return Malformed
	}
	return Refused
}

func limitReason(err error) Reason {
	if errors.Is(err, event.ErrNewerVersion) {
		return Newer
	}
	return Limit
}

func laterReason(err error) Reason {
	if errors.Is(err, event.ErrNewerVersion) {
		return Newer
	}
	return Asked
}

func failReason(err error) Reason {
	switch {
	case errors.Is(err, errPanic):
		return Panicked
	case errors.Is(err, errTimeout):
		return TimedOut
	default:
		return Failed
	}
}
