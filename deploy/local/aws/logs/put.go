package logs

import (
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// The limits of PutLogEvents
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html).
const (
	maxBatchBytes  = 1 << 20
	maxBatchEvents = 10_000
	maxBatchSpan   = 24 * time.Hour
	maxFuture      = 2 * time.Hour
	maxPast        = 14 * 24 * time.Hour
)

type putInput struct {
	streamInput
	Events []eventJSON `json:"logEvents"`
	// SequenceToken is taken and ignored, as AWS does since 2023.
	SequenceToken string `json:"sequenceToken"`
}

type eventJSON struct {
	Timestamp int64  `json:"timestamp"`
	Message   string `json:"message"`
}

type putOutput struct {
	NextSequenceToken string        `json:"nextSequenceToken"`
	Rejected          *rejectedJSON `json:"rejectedLogEventsInfo,omitempty"`
}

// rejectedJSON says which events of a batch were not kept: those before the
// end indices and those from the start index on.
type rejectedJSON struct {
	Expired *int `json:"expiredLogEventEndIndex,omitempty"`
	TooOld  *int `json:"tooOldLogEventEndIndex,omitempty"`
	TooNew  *int `json:"tooNewLogEventStartIndex,omitempty"`
}

func (s *Server) putLogEvents(in *putInput) (*putOutput, error) {
	g, err := s.find(in.Group, "")
	if err != nil {
		return nil, err
	}
	st, err := g.stream(in.Name)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	at := now()
	from, to, rejected := g.sift(in.Events, at)
	if err := checkSpan(in.Events[from:to]); err != nil {
		return nil, err
	}
	st.add(s.stamp(st.name, in.Events[from:to], at))
	if to > from {
		st.lastIngested = at
	}
	return &putOutput{"0", rejected}, nil
}

// stamp makes events of what was sent.
func (s *Server) stamp(streamName string, sent []eventJSON, at time.Time) []Event {
	out := make([]Event, len(sent))
	for n, e := range sent {
		s.seq++
		out[n] = Event{Stream: streamName, Time: time.UnixMilli(e.Timestamp).UTC(), IngestedAt: at, Message: e.Message, seq: s.seq}
	}
	return out
}

// check refuses a batch as a whole.
func (in *putInput) check() error {
	if n := len(in.Events); n == 0 || n > maxBatchEvents {
		return wire.Errorf("InvalidParameterException", "A batch has 1 to %d events, not %d.", maxBatchEvents, n)
	}
	bytes := 0
	for n, e := range in.Events {
		bytes += len(e.Message) + overhead
		if e.Message == "" {
			return wire.Errorf("InvalidParameterException", "Event %d has no message.", n)
		}
		if n > 0 && e.Timestamp < in.Events[n-1].Timestamp {
			return wire.Errorf("InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.")
		}
	}
	if bytes > maxBatchBytes {
		return wire.Errorf("InvalidParameterException", "Upload too large: %d bytes exceeds limit of %d", bytes, maxBatchBytes)
	}
	return nil
}

func checkSpan(events []eventJSON) error {
	if len(events) > 0 && events[len(events)-1].Timestamp-events[0].Timestamp > maxBatchSpan.Milliseconds() {
		return wire.Errorf("InvalidParameterException", "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	return nil
}

// sift returns the part of a batch that is neither too old nor too new, and
// what is to be said of the rest.
func (g *group) sift(events []eventJSON, at time.Time) (from, to int, rejected *rejectedJSON) {
	r := &rejectedJSON{}
	old := firstFrom(events, at.Add(-maxPast))
	expired := 0
	if g.retention > 0 {
		expired = firstFrom(events, at.AddDate(0, 0, -g.retention))
	}
	to = firstFrom(events, at.Add(maxFuture+time.Millisecond))
	if old > 0 {
		r.TooOld = &old
	}
	if expired > 0 {
		r.Expired = &expired
	}
	if to < len(events) {
		r.TooNew = &to
	}
	if *r == (rejectedJSON{}) {
		r = nil
	}
	return max(old, expired), to, r
}

// firstFrom returns the index of the first event that is not before t.
func firstFrom(events []eventJSON, t time.Time) int {
	for n, e := range events {
		if e.Timestamp >= t.UnixMilli() {
			return n
		}
	}
	return len(events)
}
