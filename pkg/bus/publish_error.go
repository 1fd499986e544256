package bus

import (
	"fmt"
	"strings"
)

// PublishError names the events that did not reach the bus; all others did. It
// never holds their data.
type PublishError struct {
	// Events are those that did not go.
	Events []Unpublished
	// Total is how many there were to publish.
	Total int

	cause error
}

// Unpublished is an event that did not go.
type Unpublished struct {
	ID   string // the event's
	Type string // its detail-type
	Code string // AWS's error code, or the transport's error
}

// Error implements error.
func (e *PublishError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "publishing %d of %d events:", len(e.Events), e.Total)
	for i, u := range e.Events {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, " %s %s (%s)", u.Type, u.ID, u.Code)
	}
	return b.String()
}

// Unwrap returns the last error of a whole call, nil where only entries failed.
func (e *PublishError) Unwrap() error { return e.cause }

func (e *PublishError) add(left []outgoing, cause error) {
	for _, o := range left {
		e.Events = append(e.Events, Unpublished{ID: o.id, Type: *o.entry.DetailType, Code: o.code})
	}
	if cause != nil {
		e.cause = cause
	}
}
