package eventbridge

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

const (
	// maxEntries and maxEntryBytes are the limits of one PutEvents.
	maxEntries    = 10
	maxEntryBytes = 1 << 20
	// keepRecent is how many events Recent remembers.
	keepRecent = 500
)

type putEventsInput struct{ Entries []putEntry }

type putEntry struct {
	Source, DetailType, Detail, EventBusName string
	Resources                                []string
	Time                                     wire.Epoch
	TraceHeader                              string
}

// size is what AWS counts of an entry.
func (e *putEntry) size() int {
	n := len(e.Source) + len(e.DetailType) + len(e.Detail)
	for _, r := range e.Resources {
		n += len(r)
	}
	if !time.Time(e.Time).IsZero() {
		n += 14
	}
	return n
}

type putEventsOutput struct {
	FailedEntryCount int
	Entries          []putResult
}

type putResult struct {
	EventId      string `json:",omitempty"` //nolint:revive // AWS's name
	ErrorCode    string `json:",omitempty"`
	ErrorMessage string `json:",omitempty"`
}

func (s *Server) putEvents(ctx context.Context, in *putEventsInput) (*putEventsOutput, error) {
	if n := len(in.Entries); n == 0 || n > maxEntries {
		return nil, invalid("1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and %d", maxEntries)
	}
	total := 0
	for i := range in.Entries {
		total += in.Entries[i].size()
	}
	if total > maxEntryBytes {
		return nil, invalid("Total size of the entries in the request is over the limit.")
	}
	out := &putEventsOutput{Entries: make([]putResult, len(in.Entries))}
	for i := range in.Entries {
		id, err := s.putEntry(ctx, &in.Entries[i])
		out.Entries[i] = putResult{EventId: id}
		if err != nil {
			out.FailedEntryCount++
			out.Entries[i] = failure(err)
		}
	}
	return out, nil
}

func failure(err error) putResult {
	var e *wire.Error
	if errors.As(err, &e) {
		return putResult{ErrorCode: e.Code, ErrorMessage: e.Message}
	}
	return putResult{ErrorCode: "InternalFailure", ErrorMessage: err.Error()}
}

func (s *Server) putEntry(ctx context.Context, in *putEntry) (id string, err error) {
	if err := in.check(); err != nil {
		return "", err
	}
	if strings.HasPrefix(in.Source, "aws.") {
		return "", wire.Errorf("NotAuthorizedForSourceException", "Not authorized for the source.")
	}
	return s.accept(ctx, in)
}

func (e *putEntry) check() error {
	for _, required := range []struct{ name, value string }{
		{"Source", e.Source}, {"DetailType", e.DetailType}, {"Detail", e.Detail},
	} {
		if required.value == "" {
			return wire.Errorf("InvalidArgument", "Parameter %s is not valid. Reason: %[1]s is a required argument.", required.name)
		}
	}
	if detail := strings.TrimSpace(e.Detail); !strings.HasPrefix(detail, "{") || !json.Valid([]byte(detail)) {
		return wire.Errorf("MalformedDetail", "Detail is malformed.")
	}
	return nil
}

// Put publishes an event of one of AWS's own services on the default bus.
// detail must be a JSON object; the error is a *wire.Error that says so.
func (s *Server) Put(ctx context.Context, source, detailType string, detail json.RawMessage) error {
	in := &putEntry{Source: source, DetailType: detailType, Detail: string(detail)}
	if err := in.check(); err != nil {
		return err
	}
	_, err := s.accept(ctx, in)
	return err
}

// accept gives the event to the bus.
func (s *Server) accept(ctx context.Context, in *putEntry) (id string, err error) {
	now := time.Now()
	at := time.Time(in.Time)
	if at.IsZero() {
		at = now
	}
	s.mu.Lock()
	b, err := s.bus(in.EventBusName)
	s.mu.Unlock()
	if err != nil {
		return "", err
	}
	e, err := s.newEvent(b.name, in, at)
	if err != nil {
		return "", err
	}
	s.dispatch(ctx, e, nil)
	return e.ID, nil
}

// dispatch archives an original event and delivers it to the targets of every
// rule that matches. only, where it is not empty, names the rules that may
// (by ARN).
func (s *Server) dispatch(ctx context.Context, e *Event, only map[string]bool) {
	deliveries := s.route(e, only)
	for _, d := range deliveries {
		e.Targets = append(e.Targets, d.target.Arn)
		s.deliver(ctx, e, d)
	}
	s.remember(*e)
	if s.opts.OnEvent != nil {
		s.opts.OnEvent(*e)
	}
}

// delivery is one event to one target of one rule.
type delivery struct {
	ruleARN string
	target  target
}

func (s *Server) route(e *Event, only map[string]bool) []delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Replay == "" {
		s.archive(e)
	}
	b, ok := s.buses[e.Bus]
	if !ok {
		return nil
	}
	var out []delivery
	for _, name := range sortedKeys(b.rules) {
		r := b.rules[name]
		if !r.enabled || len(only) > 0 && !only[r.arn] || !r.pattern.match(e.fields) {
			continue
		}
		for _, t := range r.targets {
			out = append(out, delivery{r.arn, t})
		}
	}
	return out
}

// deliver sends the event to the target. A queue that is not there, or does
// not take it, will not do so later: AWS does not retry that either. It goes
// to the target's dead-letter queue, or is lost with a warning.
func (s *Server) deliver(ctx context.Context, e *Event, d delivery) {
	err := s.queues.Deliver(ctx, d.target.Arn, d.target.body(e), nil)
	if err == nil {
		return
	}
	code, message := "SDK_CLIENT_ERROR", err.Error()
	var we *wire.Error
	if errors.As(err, &we) {
		message = we.Message
		if we.Code == "QueueDoesNotExist" {
			code = "NO_RESOURCE"
		}
	}
	if dlq := d.target.DeadLetterConfig; dlq != nil {
		err = s.queues.Deliver(ctx, dlq.Arn, e.JSON, map[string]string{
			"RULE_ARN": d.ruleARN, "TARGET_ARN": d.target.Arn, "ERROR_CODE": code, "ERROR_MESSAGE": message,
		})
	}
	if err != nil {
		s.opts.Logger.WarnContext(ctx, "event not delivered", "rule", d.ruleARN, "target", d.target.Arn, "event", e.ID, "error", err)
	}
}

func (s *Server) remember(e Event) {
	e.fields = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.recent) == 2*keepRecent {
		s.recent = append(s.recent[:0], s.recent[keepRecent:]...)
	}
	s.recent = append(s.recent, e)
}

// Recent returns up to limit of the latest events, the newest last. Some
// hundreds are remembered.
func (s *Server) Recent(limit int) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := max(0, len(s.recent)-limit)
	return append([]Event{}, s.recent[from:]...)
}
