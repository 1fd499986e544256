package sqs

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"time"
)

type receiveInput struct {
	QueueUrl                    string //nolint:revive // AWS's name
	AttributeNames              []string
	MessageSystemAttributeNames []string
	MessageAttributeNames       []string
	MaxNumberOfMessages         *int
	VisibilityTimeout           *int
	WaitTimeSeconds             *int
}

type receiveOutput struct {
	Messages []received `json:",omitempty"`
}

type received struct {
	MessageId              string //nolint:revive // AWS's name
	ReceiptHandle          string
	MD5OfBody              string
	Body                   string
	Attributes             map[string]string    `json:",omitempty"`
	MD5OfMessageAttributes string               `json:",omitempty"`
	MessageAttributes      map[string]attribute `json:",omitempty"`
}

func (s *Server) receiveMessage(ctx context.Context, in *receiveInput) (*receiveOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	var deadline time.Time
	for {
		out, next, err := s.poll(in, &deadline)
		if err != nil || out != nil {
			return out, err
		}
		if !s.sleep(ctx, next) {
			return &receiveOutput{}, nil
		}
	}
}

func (in *receiveInput) check() error {
	ranges := []struct {
		name      string
		value     *int
		low, high int
	}{
		{"MaxNumberOfMessages", in.MaxNumberOfMessages, 1, 10},
		{"VisibilityTimeout", in.VisibilityTimeout, 0, 43200},
		{"WaitTimeSeconds", in.WaitTimeSeconds, 0, 20},
	}
	for _, r := range ranges {
		if r.value != nil && (*r.value < r.low || *r.value > r.high) {
			return invalid("Value %d for parameter %s is invalid. Reason: Must be between %d and %d, if provided.", *r.value, r.name, r.low, r.high)
		}
	}
	return nil
}

// change is what a waiting receive waits for: something new in the queue, or
// a moment.
type change struct {
	wake  <-chan struct{}
	until time.Time
}

// poll receives what is there. Without anything, and with time left until the
// deadline (which the first poll sets), it returns what to wait for.
func (s *Server) poll(in *receiveInput, deadline *time.Time) (*receiveOutput, change, error) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, change{}, err
	}
	if deadline.IsZero() {
		*deadline = now.Add(s.waitTime(q, in))
	}
	out, err := s.collect(q, in, now)
	if err != nil || len(out.Messages) > 0 || !now.Before(*deadline) {
		return out, change{}, err
	}
	wake, due := q.nextChange()
	if due.IsZero() || due.After(*deadline) {
		due = *deadline
	}
	return nil, change{wake, due}, nil
}

func (s *Server) waitTime(q *queue, in *receiveInput) time.Duration {
	wait := q.waitFor(in)
	if wait > 0 && s.opts.LongPoll > 0 {
		return s.opts.LongPoll
	}
	return wait
}

func (q *queue) waitFor(in *receiveInput) time.Duration {
	if in.WaitTimeSeconds != nil {
		return time.Duration(*in.WaitTimeSeconds) * time.Second
	}
	return q.wait
}

func (s *Server) collect(q *queue, in *receiveInput, now time.Time) (*receiveOutput, error) {
	visibility, limit := q.visibility, 1
	if in.VisibilityTimeout != nil {
		visibility = time.Duration(*in.VisibilityTimeout) * time.Second
	}
	if in.MaxNumberOfMessages != nil {
		limit = *in.MaxNumberOfMessages
	}
	if q.flying >= maxInFlight {
		return nil, fail("OverLimit", "OverLimit", "Too many messages in flight: %d.", q.flying)
	}
	out := &receiveOutput{}
	for _, m := range q.take(now, limit, visibility, s.buryFrom(q)) {
		out.Messages = append(out.Messages, q.render(m, in))
	}
	return out, nil
}

// sleep waits for the change. It is false if there is nobody to answer any
// more: the caller or the service ended.
func (s *Server) sleep(ctx context.Context, c change) bool {
	timer := time.NewTimer(time.Until(c.until))
	defer timer.Stop()
	select {
	case <-c.wake:
		return true
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	case <-s.ctx.Done():
		return false
	}
}

// render is a message as its receiver sees it.
func (q *queue) render(m *message, in *receiveInput) received {
	r := received{MessageId: m.id, ReceiptHandle: m.handle(q.name), MD5OfBody: m.bodyMD5, Body: m.body}
	r.Attributes = m.systemAttributes(append(in.AttributeNames, in.MessageSystemAttributeNames...))
	r.MessageAttributes = chosen(m.attrs, in.MessageAttributeNames)
	switch len(r.MessageAttributes) {
	case 0:
	case len(m.attrs):
		r.MD5OfMessageAttributes = m.attrMD5
	default:
		r.MD5OfMessageAttributes = attributesMD5(r.MessageAttributes)
	}
	return r
}

func (m *message) systemAttributes(names []string) map[string]string {
	if len(names) == 0 {
		return nil
	}
	all := map[string]string{
		"ApproximateReceiveCount":          strconv.Itoa(m.receives),
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.first.UnixMilli(), 10),
		"SentTimestamp":                    strconv.FormatInt(m.sent.UnixMilli(), 10),
		"SenderId":                         "AIDAEMBEDDED",
	}
	if m.trace != "" {
		all["AWSTraceHeader"] = m.trace
	}
	if m.source != "" {
		all["DeadLetterQueueSourceArn"] = m.source
	}
	out := map[string]string{}
	for _, name := range names {
		if name == "All" {
			return all
		}
		if v, ok := all[name]; ok {
			out[name] = v
		}
	}
	return out
}

// chosen returns the attributes that the receiver named: All, `.*`, a name or
// `prefix.*`.
func chosen(attrs map[string]attribute, names []string) map[string]attribute {
	out := map[string]attribute{}
	for _, want := range names {
		if want == "All" || want == ".*" {
			return maps.Clone(attrs)
		}
		prefix, wild := strings.CutSuffix(want, ".*")
		for name, a := range attrs {
			if name == want || wild && strings.HasPrefix(name, prefix) {
				out[name] = a
			}
		}
	}
	return out
}
