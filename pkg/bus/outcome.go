package bus

import (
	"errors"
	"fmt"
	"time"
)

// Later says: not now, ask again after d. The same message comes back; it is
// never a second copy, and each time counts towards the queue's receive limit.
func Later(d time.Duration, why error) error { return &laterError{d, why} }

// Terminal says: never, whatever happens. The message is parked in the
// service's dead-letter queue with this reason.
func Terminal(why error) error { return &terminalError{why} }

type laterError struct {
	after time.Duration
	why   error
}

func (e *laterError) Error() string { return fmt.Sprintf("later, in %s: %v", e.after, e.why) }
func (e *laterError) Unwrap() error { return e.why }

type terminalError struct{ why error }

func (e *terminalError) Error() string { return "terminal: " + e.why.Error() }
func (e *terminalError) Unwrap() error { return e.why }

// IsLater reports whether the error asks again, and after how long.
func IsLater(err error) (time.Duration, bool) {
	var l *laterError
	if errors.As(err, &l) {
		return l.after, true
	}
	return 0, false
}

// IsTerminal reports whether the error parks the message.
func IsTerminal(err error) bool {
	var t *terminalError
	return errors.As(err, &t)
}
