// Package event is PowerPole's contract: every event that passes the bus, the
// envelope around it, and the registry that knows them all. It imports nothing
// of PowerPole's, so that any program may link it.
//
// Names are wire format and stay. A new field is optional; a changed meaning is
// a new version.
package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// MaxSize is the largest detail that an event may have, in bytes: one billing
// chunk of SQS and EventBridge.
const MaxSize = 64 << 10

// Source says which service emitted an event; it is EventBridge's `source`.
type Source string

// The six services. Nobody else may emit: the bus's policy says so too.
const (
	Intake      Source = "powerpole.intake"
	Approval    Source = "powerpole.approval"
	Provisioner Source = "powerpole.provisioner"
	Grantor     Source = "powerpole.grantor"
	Notifier    Source = "powerpole.notifier"
	Reaper      Source = "powerpole.reaper"
)

// Sources lists the services, in the order in which a request meets them.
func Sources() []Source {
	return []Source{Intake, Approval, Provisioner, Grantor, Notifier, Reaper}
}

// Kind is an event's identity on the wire, never the name of a Go type.
type Kind struct {
	Source  Source
	Type    string // EventBridge's detail-type
	Version int
}

// String gives the kind as logs and errors name it.
func (k Kind) String() string { return fmt.Sprintf("%s %s v%d", k.Source, k.Type, k.Version) }

// Data is what one type of event says. Validate names everything that is
// missing or wrong; an event that fails it is malformed and goes to a
// dead-letter queue.
type Data interface {
	EventType() string
	EventVersion() int
	Validate() error
}

// Trace carries the sender's trace context (W3C Trace Context). AWS does not
// carry it, so it is in the envelope.
type Trace struct {
	Traceparent string `json:"traceparent,omitempty"`
	Tracestate  string `json:"tracestate,omitempty"`
}

// Header is the envelope without what the event says.
type Header struct {
	// ID is derived from source, type, request and a discriminator, so that
	// the same fact said again has the same id.
	ID string `json:"id"`
	// RequestID names the request; empty only where an event is of none.
	RequestID string `json:"request_id,omitempty"`
	Version   int    `json:"version"`
	// OccurredAt is UTC, to the millisecond.
	OccurredAt time.Time `json:"occurred_at"`
	// CausationID is the id of the event that led to this one.
	CausationID string `json:"causation_id,omitempty"`
	Trace       Trace  `json:"trace,omitzero"`
}

// Envelope is EventBridge's `detail`.
type Envelope struct {
	Header
	Data json.RawMessage `json:"data"`
}

// Event is a whole event: what the bus routes by, and the envelope. It is what
// a record owes, and is stored and published byte for byte alike.
type Event struct {
	Source Source   `json:"source"`
	Type   string   `json:"detail-type"`
	Detail Envelope `json:"detail"`
}

// Kind returns the event's identity.
func (e Event) Kind() Kind { return Kind{e.Source, e.Type, e.Detail.Version} }

// Typed is an event whose data has been decoded.
type Typed[T Data] struct {
	Header
	Source Source
	Data   T
}

// namespace is the UUID namespace of event ids. It is wire format.
var namespace = uuid.MustParse("7f0cbd8c-1a70-5c1e-9c06-61b0d4d0f2b1")

// ID derives an event's id (UUIDv5, RFC 9562 §5.5). The discriminator tells
// apart events of one type about one request; it is empty where there is only
// one.
func ID(source Source, typ, requestID, discriminator string) string {
	name := string(source) + "\x00" + typ + "\x00" + requestID + "\x00" + discriminator
	return uuid.NewSHA1(namespace, []byte(name)).String()
}

// About says what an event is about and where it comes from.
type About struct {
	Source        Source
	RequestID     string
	Discriminator string
	// Cause is the header of the event that led here, the zero value for none.
	Cause Header
	// Trace is the trace context to carry on. Where it is empty the cause's is.
	Trace Trace
	// At is when it occurred, by the sender's clock; now where it is zero.
	At time.Time
}

// New makes an event. It returns an error where the data
// does not validate or the event is larger than MaxSize: what cannot be
// handled must not be sent.
func New(about About, data Data) (Event, error) {
	if err := data.Validate(); err != nil {
		return Event{}, fmt.Errorf("validating %s: %w", data.EventType(), err)
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return Event{}, fmt.Errorf("marshalling %s: %w", data.EventType(), err)
	}
	trace := about.Trace
	if trace == (Trace{}) {
		trace = about.Cause.Trace
	}
	at := about.At
	if at.IsZero() {
		at = time.Now()
	}
	e := Event{Source: about.Source, Type: data.EventType(), Detail: Envelope{
		Header: Header{
			ID:          ID(about.Source, data.EventType(), about.RequestID, about.Discriminator),
			RequestID:   about.RequestID,
			Version:     data.EventVersion(),
			OccurredAt:  at.UTC().Truncate(time.Millisecond),
			CausationID: about.Cause.ID,
			Trace:       trace,
		},
		Data: raw,
	}}
	if err := e.checkSize(); err != nil {
		return Event{}, err
	}
	return e, nil
}

// ErrTooLarge is returned for an event above MaxSize.
var ErrTooLarge = errors.New("event is larger than 64 KiB")

func (e Event) checkSize() error {
	b, err := json.Marshal(e.Detail)
	if err != nil {
		return fmt.Errorf("marshalling the envelope of %s: %w", e.Type, err)
	}
	if len(b) > MaxSize {
		return fmt.Errorf("%s of %d bytes: %w", e.Type, len(b), ErrTooLarge)
	}
	return nil
}
