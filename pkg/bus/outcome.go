package bus

import (
	"errors"
	"fmt"
	"time"
)

// Later says: not now, ask again after d. The same message comes back; it is
// never a second copy, and each time counts towards the queue's receive limit.
// Waits are whole seconds, rounded up, and at most about twelve hours (SQS).
func Later(d time.Duration, why error) error { return &laterError{d, why} }

// Terminal says: never, whatever happens. The message is parked in the
// service's dead-letter queue with this reason.
func Terminal(why error) error {
	if why == nil {
		why = errors.New("no reason was given")
	}
	return &terminalError{why}
}

// OnRecord says of an error: what the message said is on record, and what failed
// follows from the record. The message is tried again as the error itself says;
// at the queue's receive limit it is acknowledged, not parked, for the service's
// sweep goes on from the record. nil stays nil.
func OnRecord(err error) error {
	if err == nil {
		return nil
	}
	return &onRecordError{err}
}

// IsOnRecord reports whether the error was marked by OnRecord.
func IsOnRecord(err error) bool {
	var o *onRecordError
	return errors.As(err, &o)
}

type onRecordError struct{ why error }

func (e *onRecordError) Error() string { return e.why.Error() }
func (e *onRecordError) Unwrap() error { return e.why }

// outcome is an error that says by itself what becomes of the message. Of
// several in one chain the outermost counts: who wrapped last knew most.
type outcome interface {
	error
	outcome()
}

type laterError struct {
	after time.Duration
	why   error
}

func (e *laterError) Error() string { return fmt.Sprintf("later, in %s: %v", e.after, e.why) }
func (e *laterError) Unwrap() error { return e.why }
func (e *laterError) outcome()      {}

type terminalError struct{ why error }

func (e *terminalError) Error() string { return "terminal: " + e.why.Error() }
func (e *terminalError) Unwrap() error { return e.why }
func (e *terminalError) outcome()      {}

// skipError acknowledges a message that concerns nobody here.
type skipError struct {
	reason Reason
	why    string
}

func (e *skipError) Error() string { return e.why }
func (e *skipError) outcome()      {}

func outcomeOf(err error) outcome {
	var o outcome
	errors.As(err, &o)
	return o
}

// IsLater reports whether the error asks again, and after how long.
func IsLater(err error) (time.Duration, bool) {
	if l, ok := outcomeOf(err).(*laterError); ok {
		return l.after, true
	}
	return 0, false
}

// IsTerminal reports whether the error parks the message.
func IsTerminal(err error) bool {
	_, ok := outcomeOf(err).(*terminalError)
	return ok
}
