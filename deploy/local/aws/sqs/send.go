package sqs

import (
	"context"
	"time"
)

type sendInput struct {
	QueueUrl string //nolint:revive // AWS's name
	sendEntry
}

// sendEntry is one message to send, alone or in a batch.
type sendEntry struct {
	Id                      string //nolint:revive // AWS's name
	MessageBody             string
	DelaySeconds            *int
	MessageAttributes       map[string]attribute
	MessageSystemAttributes map[string]attribute
	MessageGroupId          string //nolint:revive // AWS's name
	MessageDeduplicationId  string //nolint:revive // AWS's name
}

type sendOutput struct {
	Id                     string `json:",omitempty"` //nolint:revive // AWS's name
	MessageId              string //nolint:revive // AWS's name
	MD5OfMessageBody       string
	MD5OfMessageAttributes string `json:",omitempty"`
}

func (s *Server) sendMessage(_ context.Context, in *sendInput) (*sendOutput, error) {
	m, err := in.message()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return q.accept(m, in.DelaySeconds)
}

func (e *sendEntry) message() (*message, error) {
	if e.MessageDeduplicationId != "" {
		return nil, invalid("Value %s for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid for this queue type.", e.MessageDeduplicationId)
	}
	if d := e.DelaySeconds; d != nil && (*d < 0 || *d > 900) {
		return nil, invalid("Value %d for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.", *d)
	}
	m := &message{body: e.MessageBody, attrs: e.MessageAttributes}
	for name, a := range e.MessageSystemAttributes {
		if name != "AWSTraceHeader" || a.StringValue == nil {
			return nil, invalid("Message system attribute %q is not a string named AWSTraceHeader.", name)
		}
		m.trace = *a.StringValue
	}
	return m, m.seal()
}

// accept sends a sealed message.
func (q *queue) accept(m *message, delaySeconds *int) (*sendOutput, error) {
	if m.size() > q.maxSize {
		return nil, invalid("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", q.maxSize)
	}
	delay := q.delay
	if delaySeconds != nil {
		delay = time.Duration(*delaySeconds) * time.Second
	}
	q.send(m, time.Now(), delay)
	return &sendOutput{MessageId: m.id, MD5OfMessageBody: m.bodyMD5, MD5OfMessageAttributes: m.attrMD5}, nil
}

type sendBatchInput struct {
	QueueUrl string //nolint:revive // AWS's name
	Entries  []sendEntry
}

func (s *Server) sendMessageBatch(_ context.Context, in *sendBatchInput) (*batchOutput[sendOutput], error) {
	total := 0
	messages, errs := make([]*message, len(in.Entries)), make([]error, len(in.Entries))
	for i := range in.Entries {
		if messages[i], errs[i] = in.Entries[i].message(); errs[i] == nil {
			total += messages[i].size()
		}
	}
	if err := checkBatch(in.Entries, func(e sendEntry) string { return e.Id }); err != nil {
		return nil, err
	}
	if total > maxBytes {
		return nil, fail("BatchRequestTooLong", legacy+"BatchRequestTooLong",
			"Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxBytes, total)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	var out batchOutput[sendOutput]
	for i, e := range in.Entries {
		sent, err := (*sendOutput)(nil), errs[i]
		if err == nil {
			sent, err = q.accept(messages[i], e.DelaySeconds)
		}
		if err == nil {
			sent.Id = e.Id
		}
		out.add(e.Id, sent, err)
	}
	return &out, nil
}
