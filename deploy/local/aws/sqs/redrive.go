package sqs

import (
	"context"
	"slices"
	"strings"
)

// buryFrom returns the function that moves a message of q to its dead-letter
// queue: same id, same age, same receive count. It is false if there is no
// such queue any more; the message then goes on being received.
func (s *Server) buryFrom(q *queue) func(*message) bool {
	return func(m *message) bool {
		dlq, ok := s.queues[nameOf(q.deadLetter)]
		if !ok || dlq == q {
			return false
		}
		q.drop(m)
		m.source = q.arn
		dlq.put(m)
		dlq.show(m)
		return true
	}
}

// sourcesOf returns the queues whose dead letters go to arn, by name.
func (s *Server) sourcesOf(arn string) []*queue {
	var out []*queue
	for _, q := range s.queues {
		if q.deadLetter == arn {
			out = append(out, q)
		}
	}
	slices.SortFunc(out, func(a, b *queue) int { return strings.Compare(a.name, b.name) })
	return out
}

type sourceQueuesOutput struct {
	QueueURLs []string `json:"queueUrls"`
}

func (s *Server) listDeadLetterSourceQueues(_ context.Context, in *queueInput) (*sourceQueuesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	out := &sourceQueuesOutput{QueueURLs: []string{}}
	for _, source := range s.sourcesOf(q.arn) {
		out.QueueURLs = append(out.QueueURLs, source.url)
	}
	return out, nil
}
