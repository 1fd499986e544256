package logs

import (
	"slices"
	"strings"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// maxPage is the most events that a page has.
const maxPage = 10_000

type getInput struct {
	streamInput
	Identifier    string `json:"logGroupIdentifier"`
	StartTime     *int64 `json:"startTime"`
	EndTime       *int64 `json:"endTime"`
	Limit         *int   `json:"limit"`
	StartFromHead bool   `json:"startFromHead"`
	NextToken     string `json:"nextToken"`
}

type getOutput struct {
	Events   []gotJSON `json:"events"`
	Forward  string    `json:"nextForwardToken"`
	Backward string    `json:"nextBackwardToken"`
}

type gotJSON struct {
	Timestamp int64  `json:"timestamp"`
	Message   string `json:"message"`
	Ingestion int64  `json:"ingestionTime"`
}

// getLogEvents pages through one stream in both directions. A token is f/ or
// b/ and the key of the event at the page's edge, so that at the end of the
// stream the same token comes back until there is more.
func (s *Server) getLogEvents(in *getInput) (*getOutput, error) {
	g, err := s.find(in.Group, in.Identifier)
	if err != nil {
		return nil, err
	}
	st, err := g.stream(in.Name)
	if err != nil {
		return nil, err
	}
	limit, err := limited(in.Limit, maxPage, maxPage)
	if err != nil {
		return nil, err
	}
	direction, edge, ok := strings.Cut(in.NextToken, "/")
	if in.NextToken != "" && (!ok || direction != "f" && direction != "b") {
		return nil, badToken(in.NextToken)
	}
	events := slices.DeleteFunc(slices.Clone(st.events), func(e Event) bool {
		return !in.covers(e) || direction == "f" && e.key() <= edge || direction == "b" && e.key() >= edge
	})
	return answer(cut(events, limit, direction == "f" || direction == "" && in.StartFromHead), edge), nil
}

// covers is whether an event lies in the time asked for, whose end does not
// belong to it.
func (in *getInput) covers(e Event) bool {
	t := e.Time.UnixMilli()
	return (in.StartTime == nil || t >= *in.StartTime) && (in.EndTime == nil || t < *in.EndTime)
}

// cut returns the first or the last events.
func cut(events []Event, limit int, head bool) []Event {
	switch {
	case len(events) <= limit:
		return events
	case head:
		return events[:limit]
	default:
		return events[len(events)-limit:]
	}
}

func answer(events []Event, edge string) *getOutput {
	out := &getOutput{Events: []gotJSON{}, Forward: "f/" + edge, Backward: "b/" + edge}
	if n := len(events); n > 0 {
		out.Forward, out.Backward = "f/"+events[n-1].key(), "b/"+events[0].key()
	}
	for _, e := range events {
		out.Events = append(out.Events, gotJSON{e.Time.UnixMilli(), e.Message, e.IngestedAt.UnixMilli()})
	}
	return out
}

type filterInput struct {
	Group      string   `json:"logGroupName"`
	Identifier string   `json:"logGroupIdentifier"`
	Streams    []string `json:"logStreamNames"`
	Prefix     string   `json:"logStreamNamePrefix"`
	Pattern    string   `json:"filterPattern"`
	StartTime  *int64   `json:"startTime"`
	EndTime    *int64   `json:"endTime"`
	Limit      *int     `json:"limit"`
	NextToken  string   `json:"nextToken"`
	// Interleaved is taken and always true, as in AWS since 2019.
	Interleaved   bool  `json:"interleaved"`
	StartFromHead *bool `json:"startFromHead"`
}

type filterOutput struct {
	Events    []foundJSON `json:"events"`
	Searched  []empty     `json:"searchedLogStreams"`
	NextToken string      `json:"nextToken,omitempty"`
}

type foundJSON struct {
	gotJSON
	Stream  string `json:"logStreamName"`
	EventID string `json:"eventId"`
}

// filterLogEvents searches the streams of a group together.
func (s *Server) filterLogEvents(in *filterInput) (*filterOutput, error) {
	if in.StartFromHead != nil && !*in.StartFromHead {
		return nil, wire.Errorf("InvalidParameterException", "the embedded CloudWatch Logs filters from the head only")
	}
	g, err := s.find(in.Group, in.Identifier)
	if err != nil {
		return nil, err
	}
	limit, err := limited(in.Limit, maxPage, maxPage)
	if err != nil {
		return nil, err
	}
	found, err := in.search(g)
	if err != nil {
		return nil, err
	}
	shown, next, ok := wire.Page(found, Event.key, limit, in.NextToken)
	if !ok {
		return nil, badToken(in.NextToken)
	}
	out := &filterOutput{Events: []foundJSON{}, Searched: []empty{}, NextToken: next}
	for _, e := range shown {
		out.Events = append(out.Events, foundJSON{gotJSON{e.Time.UnixMilli(), e.Message, e.IngestedAt.UnixMilli()}, e.Stream, e.key()})
	}
	return out, nil
}

func (in *filterInput) search(g *group) ([]Event, error) {
	match, err := parsePattern(in.Pattern)
	if err != nil {
		return nil, err
	}
	streams, err := in.streams(g)
	if err != nil {
		return nil, err
	}
	var found []Event
	for _, st := range streams {
		for _, e := range st.events {
			if in.covers(e) && match(e.Message) {
				found = append(found, e)
			}
		}
	}
	return found, nil
}

func (in *filterInput) streams(g *group) ([]*stream, error) {
	if len(in.Streams) == 0 {
		return g.named(in.Prefix), nil
	}
	if in.Prefix != "" {
		return nil, wire.Errorf("InvalidParameterException", "logStreamNames and logStreamNamePrefix exclude each other")
	}
	var out []*stream
	for _, name := range slices.Compact(slices.Sorted(slices.Values(in.Streams))) {
		st, err := g.stream(name)
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

// covers is whether an event lies in the time asked for, whose end belongs to
// it, unlike that of GetLogEvents.
func (in *filterInput) covers(e Event) bool {
	t := e.Time.UnixMilli()
	return (in.StartTime == nil || t >= *in.StartTime) && (in.EndTime == nil || t <= *in.EndTime)
}
