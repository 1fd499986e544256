package sqs

import (
	"context"
	"time"
)

// maxVisibility is how long a message may be invisible after one receive, all
// extensions together.
const maxVisibility = 12 * time.Hour

// receipt is an entry that names a received message, alone or in a batch.
type receipt struct {
	Id                string //nolint:revive // AWS's name
	ReceiptHandle     string
	VisibilityTimeout *int
}

type receiptInput struct {
	QueueUrl string //nolint:revive // AWS's name
	receipt
}

type receiptBatchInput struct {
	QueueUrl string //nolint:revive // AWS's name
	Entries  []receipt
}

type idOnly struct{ Id string } //nolint:revive // AWS's name

func (s *Server) deleteMessage(_ context.Context, in *receiptInput) (*empty, error) {
	return s.one(in, (*queue).delete)
}

func (s *Server) deleteMessageBatch(_ context.Context, in *receiptBatchInput) (*batchOutput[idOnly], error) {
	return s.each(in, (*queue).delete)
}

func (s *Server) changeVisibility(_ context.Context, in *receiptInput) (*empty, error) {
	return s.one(in, (*queue).extend)
}

func (s *Server) changeVisibilityBatch(_ context.Context, in *receiptBatchInput) (*batchOutput[idOnly], error) {
	return s.each(in, (*queue).extend)
}

func (s *Server) one(in *receiptInput, act func(*queue, *receipt, time.Time) error) (*empty, error) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	q.settle(now)
	return &empty{}, act(q, &in.receipt, now)
}

func (s *Server) each(in *receiptBatchInput, act func(*queue, *receipt, time.Time) error) (*batchOutput[idOnly], error) {
	if err := checkBatch(in.Entries, func(r receipt) string { return r.Id }); err != nil {
		return nil, err
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	q.settle(now)
	var out batchOutput[idOnly]
	for i := range in.Entries {
		r := &in.Entries[i]
		out.add(r.Id, &idOnly{r.Id}, act(q, r, now))
	}
	return &out, nil
}

// held returns the message that the handle's receive still holds: it was not
// received again since. It is nil if the message is gone or somebody else's.
func (q *queue) held(handle string) (*message, error) {
	queue, id, receive, ok := parseHandle(handle)
	if !ok || queue != q.name {
		return nil, badHandle(handle)
	}
	m := q.byID[id]
	if m == nil || m.receives != receive {
		return nil, nil
	}
	return m, nil
}

// delete forgets the message, if the handle is of its latest receive. With an
// older one AWS answers success and deletes nothing.
func (q *queue) delete(r *receipt, _ time.Time) error {
	m, err := q.held(r.ReceiptHandle)
	if err != nil || m == nil {
		return err
	}
	q.drop(m)
	return nil
}

// extend sets how long from now the message stays invisible.
func (q *queue) extend(r *receipt, now time.Time) error {
	m, err := q.held(r.ReceiptHandle)
	if err != nil {
		return err
	}
	switch v := r.VisibilityTimeout; {
	case v == nil:
		return missing("VisibilityTimeout")
	case *v < 0 || *v > 43200:
		return invalid("Value %d for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer between 0 and 43200.", *v)
	case m == nil || !m.inFlight:
		return fail("MessageNotInflight", legacy+"MessageNotInflight", "The message is not in flight.")
	case now.Add(time.Duration(*v) * time.Second).After(m.taken.Add(maxVisibility)):
		return invalid("Value %d for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].", *v)
	}
	q.conceal(m, now, time.Duration(*r.VisibilityTimeout)*time.Second)
	return nil
}
