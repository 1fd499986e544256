package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// What decoding can find. A consumer acknowledges an unknown type, waits with a
// newer version, and parks what is malformed.
var (
	ErrUnknownType  = errors.New("event type is unknown")
	ErrNewerVersion = errors.New("event version is newer than me")
	ErrMalformed    = errors.New("event is malformed")
)

// Entry is what the registry knows of one kind of event.
type Entry struct {
	Kind Kind
	// Private marks a message that the scheduler puts into its own service's
	// queue. It never passes the bus.
	Private bool
	// NoRequest marks a type that may be of no request.
	NoRequest bool
	// Summary is one line for people who read the AsyncAPI document.
	Summary string
	// Go is the type of the data.
	Go reflect.Type

	decode func(Event) (Data, error)
}

// Registry knows every kind of event by (source, detail-type, version).
type Registry struct {
	entries map[Kind]Entry
	newest  map[Kind]int // by kind with version 0
}

// NewRegistry returns a registry that knows nothing.
func NewRegistry() *Registry {
	return &Registry{entries: map[Kind]Entry{}, newest: map[Kind]int{}}
}

// Option says more about a kind at registration.
type Option func(*Entry)

// Private marks a message of the scheduler to its own service.
func Private() Option { return func(e *Entry) { e.Private = true } }

// NoRequest marks a type that may be of no request.
func NoRequest() Option { return func(e *Entry) { e.NoRequest = true } }

// Register adds the type T as emitted by each of the sources. A kind that is
// already there is an error: two meanings of one name must not start.
func Register[T Data](r *Registry, summary string, sources []Source, opts ...Option) error {
	var zero T
	for _, s := range sources {
		k := Kind{s, zero.EventType(), zero.EventVersion()}
		if _, ok := r.entries[k]; ok {
			return fmt.Errorf("registering %s: it is registered already", k)
		}
		e := Entry{Kind: k, Summary: summary, Go: reflect.TypeFor[T](), decode: decodeAs[T]}
		for _, o := range opts {
			o(&e)
		}
		r.entries[k] = e
		family := Kind{Source: s, Type: k.Type}
		r.newest[family] = max(r.newest[family], k.Version)
	}
	return nil
}

func decodeAs[T Data](e Event) (Data, error) {
	var data T
	if len(bytes.TrimSpace(e.Detail.Data)) == 0 {
		return nil, fmt.Errorf("%s without data: %w", e.Kind(), ErrMalformed)
	}
	if err := json.Unmarshal(e.Detail.Data, &data); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", e.Kind(), ErrMalformed, err)
	}
	if err := data.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", e.Kind(), ErrMalformed, err)
	}
	return data, nil
}

// Entries lists all kinds, sorted by source, type and version.
func (r *Registry) Entries() []Entry {
	out := make([]Entry, 0, len(r.entries))
	for _, e := range r.entries {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Entry) int {
		return strings.Compare(a.Kind.String(), b.Kind.String())
	})
	return out
}

// Lookup finds a kind. Its error is ErrUnknownType or ErrNewerVersion.
func (r *Registry) Lookup(k Kind) (Entry, error) {
	if e, ok := r.entries[k]; ok {
		return e, nil
	}
	newest, ok := r.newest[Kind{Source: k.Source, Type: k.Type}]
	switch {
	case !ok:
		return Entry{}, fmt.Errorf("%s: %w", k, ErrUnknownType)
	case k.Version > newest:
		return Entry{}, fmt.Errorf("%s, newest known v%d: %w", k, newest, ErrNewerVersion)
	default:
		return Entry{}, fmt.Errorf("%s has no such version: %w", k, ErrMalformed)
	}
}

// Decode decodes and checks an event's data. The error is one of
// ErrUnknownType, ErrNewerVersion and ErrMalformed.
func (r *Registry) Decode(e Event) (Data, error) {
	entry, err := r.Lookup(e.Kind())
	if err != nil {
		return nil, err
	}
	if err := entry.checkHeader(e.Detail.Header); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", e.Kind(), ErrMalformed, err)
	}
	return entry.decode(e)
}

func (e Entry) checkHeader(h Header) error {
	var errs []error
	if h.ID == "" {
		errs = append(errs, errors.New("id is missing"))
	}
	if h.OccurredAt.IsZero() {
		errs = append(errs, errors.New("occurred_at is missing"))
	}
	if h.RequestID != "" || !e.NoRequest {
		errs = append(errs, CheckRequestID(h.RequestID))
	}
	return errors.Join(errs...)
}

// Received is an event as it lay in a queue.
type Received struct {
	Event
	// ReplayName is set on what an archive replays.
	ReplayName string
}

// Parse reads an event from a queue's message. Events of AWS itself have no
// envelope: their detail is then the data, their id EventBridge's, their
// version 1. It does not decode the data: Registry.Decode does.
func Parse(body []byte) (Received, error) {
	var m struct {
		ID         string          `json:"id"`
		Source     Source          `json:"source"`
		Type       string          `json:"detail-type"`
		Time       time.Time       `json:"time"`
		ReplayName string          `json:"replay-name"`
		Detail     json.RawMessage `json:"detail"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return Received{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if m.Source == "" || m.Type == "" || len(m.Detail) == 0 {
		return Received{}, fmt.Errorf("%w: source, detail-type or detail is missing", ErrMalformed)
	}
	out := Received{Event: Event{Source: m.Source, Type: m.Type}, ReplayName: m.ReplayName}
	if strings.HasPrefix(string(m.Source), "aws.") {
		out.Detail = Envelope{Header: Header{ID: m.ID, Version: 1, OccurredAt: m.Time}, Data: m.Detail}
		return out, nil
	}
	if err := json.Unmarshal(m.Detail, &out.Detail); err != nil {
		return Received{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return out, nil
}
