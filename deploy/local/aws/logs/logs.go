// Package logs is CloudWatch Logs in memory: groups, streams, events, and the
// search over them.
package logs

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// Options say where the logs lie.
type Options struct {
	// Account and Region are part of every ARN; 000000000000 and us-east-1
	// where empty.
	Account, Region string
}

// Server is one region's CloudWatch Logs. It is safe for concurrent use.
type Server struct {
	opts Options
	json *wire.JSON

	mu     sync.Mutex
	seq    int
	groups map[string]*group
}

// Event is one line of a log.
type Event struct {
	// Stream is the log stream that it lies in.
	Stream string
	// Time is when it happened, IngestedAt when it came in; both have
	// milliseconds.
	Time, IngestedAt time.Time
	Message          string
	seq              int
}

// Stream is a log stream as it stood when it was asked for.
type Stream struct {
	Name      string
	CreatedAt time.Time
	// Events and Bytes are what it holds. Over the wire a stream's
	// storedBytes is always 0, as AWS has reported it since 2019.
	Events, Bytes int
	// LastEventAt and LastIngestedAt are zero for an empty stream.
	LastEventAt, LastIngestedAt time.Time
}

// New returns a CloudWatch Logs without groups.
func New(o Options) *Server {
	if o.Account == "" {
		o.Account = "000000000000"
	}
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	s := &Server{opts: o, json: wire.NewJSON("CloudWatch Logs", "1.1").Strict(), groups: map[string]*group{}}
	handle(s, "CreateLogGroup", s.createLogGroup)
	handle(s, "DeleteLogGroup", s.deleteLogGroup)
	handle(s, "DescribeLogGroups", s.describeLogGroups)
	handle(s, "PutRetentionPolicy", s.putRetentionPolicy)
	handle(s, "DeleteRetentionPolicy", s.deleteRetentionPolicy)
	handle(s, "CreateLogStream", s.createLogStream)
	handle(s, "DeleteLogStream", s.deleteLogStream)
	handle(s, "DescribeLogStreams", s.describeLogStreams)
	handle(s, "PutLogEvents", s.putLogEvents)
	handle(s, "GetLogEvents", s.getLogEvents)
	handle(s, "FilterLogEvents", s.filterLogEvents)
	return s
}

// handle adds an operation that runs under the lock.
func handle[In, Out any](s *Server, op string, f func(*In) (*Out, error)) {
	wire.Handle(s.json, op, func(_ context.Context, in *In) (*Out, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return f(in)
	})
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.json.ServeHTTP(w, r) }

// Groups returns the names of all log groups in order.
func (s *Server) Groups() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.groups))
}

// Streams returns the streams of a group by name, none for an unknown group.
func (s *Server) Streams(groupName string) []Stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.groups[groupName]
	if !ok {
		return nil
	}
	g.expire()
	var out []Stream
	for _, name := range slices.Sorted(maps.Keys(g.streams)) {
		out = append(out, g.streams[name].info())
	}
	return out
}

// Events returns what a stream holds, oldest first; nothing for an unknown
// stream.
func (s *Server) Events(groupName, streamName string) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.groups[groupName]
	if !ok {
		return nil
	}
	g.expire()
	st, ok := g.streams[streamName]
	if !ok {
		return nil
	}
	return slices.Clone(st.events)
}

// find returns a group by its name or, where the call has that instead, by
// its ARN.
func (s *Server) find(name, identifier string) (*group, error) {
	if (name == "") == (identifier == "") {
		return nil, wire.Errorf("InvalidParameterException", "Exactly one of logGroupName and logGroupIdentifier must be given")
	}
	id := name
	if identifier != "" {
		id = strings.TrimSuffix(strings.TrimPrefix(identifier, s.arn("")), ":*")
	}
	g, ok := s.groups[id]
	if !ok {
		return nil, wire.Errorf("ResourceNotFoundException", "The specified log group does not exist.")
	}
	g.expire()
	return g, nil
}

func (s *Server) arn(groupName string) string {
	return strings.Join([]string{"arn:aws:logs", s.opts.Region, s.opts.Account, "log-group", groupName}, ":")
}

func millis(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := t.UnixMilli()
	return &ms
}

// now is the time as CloudWatch Logs keeps it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
