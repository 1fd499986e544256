package eventbridge

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// Event is an event as it passed a bus.
type Event struct {
	// Bus is the name of the bus, ID AWS's own id of the event.
	Bus, ID string
	// Source and DetailType are what rules match first.
	Source, DetailType string
	// Time is when the event happened, to the second.
	Time time.Time
	// JSON is the whole event, as a target receives it.
	JSON string
	// Targets are the ARNs it was delivered to, in order of the rules' names.
	Targets []string
	// Replay is the replay's name for an event out of an archive.
	Replay string

	fields map[string]any
}

// envelope is an event's JSON
// (https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html).
type envelope struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       string          `json:"time"`
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
	Replay     string          `json:"replay-name,omitempty"`
}

// newEvent builds the event with a fresh id. detail must be a JSON object.
func (s *Server) newEvent(busName string, in *putEntry, at time.Time) (*Event, error) {
	e := envelope{
		Version: "0", ID: uuid.NewString(), DetailType: in.DetailType, Source: in.Source,
		Account: s.opts.Account, Time: at.UTC().Format(time.RFC3339), Region: s.opts.Region,
		Resources: in.Resources, Detail: json.RawMessage(in.Detail),
	}
	if e.Resources == nil {
		e.Resources = []string{}
	}
	return e.seal(busName)
}

// seal renders the envelope and reads it for the rules.
func (e *envelope) seal(busName string) (*Event, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return nil, err
	}
	at, err := time.Parse(time.RFC3339, e.Time)
	if err != nil {
		return nil, err
	}
	var detail map[string]any
	if err := json.Unmarshal(e.Detail, &detail); err != nil {
		return nil, err
	}
	return &Event{
		Bus: busName, ID: e.ID, Source: e.Source, DetailType: e.DetailType, Time: at, Replay: e.Replay,
		JSON: string(bytes.TrimRight(buf.Bytes(), "\n")), fields: e.fields(detail),
	}, nil
}

func (e *envelope) fields(detail map[string]any) map[string]any {
	resources := make([]any, len(e.Resources))
	for i, r := range e.Resources {
		resources[i] = r
	}
	fields := map[string]any{
		"version": e.Version, "id": e.ID, "detail-type": e.DetailType, "source": e.Source,
		"account": e.Account, "time": e.Time, "region": e.Region, "resources": resources, "detail": detail,
	}
	if e.Replay != "" {
		fields["replay-name"] = e.Replay
	}
	return fields
}

// replayed returns the event as a replay delivers it: the same, with the
// replay's name in it.
func (e *Event) replayed(name string) (*Event, error) {
	var env envelope
	if err := json.Unmarshal([]byte(e.JSON), &env); err != nil {
		return nil, err
	}
	env.Replay = name
	return env.seal(e.Bus)
}

// parseEvent reads the event of TestEventPattern, which must have what every
// event has.
func parseEvent(text string) (map[string]any, error) {
	var e map[string]any
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return nil, wire.Errorf("ValidationException", "Event is not valid JSON: %v", err)
	}
	for _, name := range []string{"id", "account", "source", "time", "region", "resources", "detail-type"} {
		if _, ok := e[name]; !ok {
			return nil, wire.Errorf("ValidationException", "Event must have the field %q.", name)
		}
	}
	return e, nil
}
