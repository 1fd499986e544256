package logs

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

var streamName = regexp.MustCompile(`^[^:*]{1,512}$`)

// overhead is what CloudWatch Logs adds to each message's bytes.
const overhead = 26

// stream is a log stream with its events in order.
type stream struct {
	name         string
	created      time.Time
	events       []Event
	lastIngested time.Time
}

func (st *stream) bytes() int {
	n := 0
	for _, e := range st.events {
		n += len(e.Message) + overhead
	}
	return n
}

func (st *stream) info() Stream {
	return Stream{
		Name: st.name, CreatedAt: st.created, Events: len(st.events), Bytes: st.bytes(),
		LastEventAt: st.lastEvent(), LastIngestedAt: st.lastIngested,
	}
}

// lastEvent is the time of the last event, zero where there is none.
func (st *stream) lastEvent() time.Time {
	if len(st.events) == 0 {
		return time.Time{}
	}
	return st.events[len(st.events)-1].Time
}

// key orders the events of a group: by time, then as they came in.
func (e Event) key() string { return fmt.Sprintf("%020d/%012d", e.Time.UnixMilli(), e.seq) }

func byKey(a, b Event) int { return cmp.Or(a.Time.Compare(b.Time), a.seq-b.seq) }

type streamInput struct {
	Group string `json:"logGroupName"`
	Name  string `json:"logStreamName"`
}

func (s *Server) createLogStream(in *streamInput) (*empty, error) {
	if !streamName.MatchString(in.Name) {
		return nil, wire.Errorf("InvalidParameterException", "%q is no name of a log stream", in.Name)
	}
	g, err := s.find(in.Group, "")
	if err != nil {
		return nil, err
	}
	if _, ok := g.streams[in.Name]; ok {
		return nil, wire.Errorf("ResourceAlreadyExistsException", "The specified log stream already exists")
	}
	g.streams[in.Name] = &stream{name: in.Name, created: now()}
	return &empty{}, nil
}

func (s *Server) deleteLogStream(in *streamInput) (*empty, error) {
	g, err := s.find(in.Group, "")
	if err != nil {
		return nil, err
	}
	if _, err := g.stream(in.Name); err != nil {
		return nil, err
	}
	delete(g.streams, in.Name)
	return &empty{}, nil
}

type describeStreamsInput struct {
	Group      string `json:"logGroupName"`
	Identifier string `json:"logGroupIdentifier"`
	Prefix     string `json:"logStreamNamePrefix"`
	OrderBy    string `json:"orderBy"`
	Descending bool   `json:"descending"`
	Limit      *int   `json:"limit"`
	NextToken  string `json:"nextToken"`
}

type describeStreamsOutput struct {
	Streams   []streamJSON `json:"logStreams"`
	NextToken string       `json:"nextToken,omitempty"`
}

type streamJSON struct {
	Name         string `json:"logStreamName"`
	ARN          string `json:"arn"`
	Created      *int64 `json:"creationTime"`
	FirstEvent   *int64 `json:"firstEventTimestamp,omitempty"`
	LastEvent    *int64 `json:"lastEventTimestamp,omitempty"`
	LastIngested *int64 `json:"lastIngestionTime,omitempty"`
	Bytes        int    `json:"storedBytes"`
}

func (s *Server) describeLogStreams(in *describeStreamsInput) (*describeStreamsOutput, error) {
	g, err := s.find(in.Group, in.Identifier)
	if err != nil {
		return nil, err
	}
	limit, err := limited(in.Limit, 50, 50)
	if err != nil {
		return nil, err
	}
	key, err := in.key()
	if err != nil {
		return nil, err
	}
	shown, next, ok := wire.Page(g.named(in.Prefix), key, limit, in.NextToken)
	if !ok {
		return nil, badToken(in.NextToken)
	}
	out := &describeStreamsOutput{Streams: []streamJSON{}, NextToken: next}
	for _, st := range shown {
		out.Streams = append(out.Streams, s.render(g, st))
	}
	return out, nil
}

func (g *group) named(prefix string) []*stream {
	var out []*stream
	for _, st := range g.streams {
		if strings.HasPrefix(st.name, prefix) {
			out = append(out, st)
		}
	}
	return out
}

// key returns what the streams are ordered by.
func (in *describeStreamsInput) key() (func(*stream) string, error) {
	key := func(st *stream) string { return st.name }
	switch in.OrderBy {
	case "", "LogStreamName":
	case "LastEventTime":
		if in.Prefix != "" {
			return nil, wire.Errorf("InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.")
		}
		key = func(st *stream) string {
			return fmt.Sprintf("%020d/%s", max(0, st.lastEvent().UnixMilli()), st.name)
		}
	default:
		return nil, wire.Errorf("InvalidParameterException", "orderBy %q is neither LogStreamName nor LastEventTime", in.OrderBy)
	}
	if !in.Descending {
		return key, nil
	}
	return func(st *stream) string { return inverse(key(st)) }, nil
}

// inverse turns the order of strings round.
func inverse(s string) string {
	b := append([]byte(s), 0)
	for n := range b {
		b[n] = ^b[n]
	}
	return string(b)
}

func (s *Server) render(g *group, st *stream) streamJSON {
	out := streamJSON{Name: st.name, ARN: s.arn(g.name) + ":log-stream:" + st.name, Created: millis(st.created), LastIngested: millis(st.lastIngested)}
	if len(st.events) > 0 {
		out.FirstEvent, out.LastEvent = millis(st.events[0].Time), millis(st.lastEvent())
	}
	return out
}

// add keeps events in order.
func (st *stream) add(events []Event) {
	st.events = append(st.events, events...)
	slices.SortFunc(st.events, byKey)
}
