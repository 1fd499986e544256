package dlq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/powerpole/powerpole/pkg/topology"
)

const (
	batch = 10 // SQS's most
	// hidden is how long the letters that were looked at stay away should this
	// process die; otherwise they are given back at the end.
	hidden = 60
	// releasing is for giving back, also after Ctrl-C.
	releasing = 10 * time.Second
)

// held are letters that this process has received and must give back.
type held struct {
	url      string
	messages []types.Message
	// more says that the limit came before the end of the queue.
	more bool
}

// hold receives a dead-letter queue until it is empty, until a message is the
// wanted one, or has been seen (it came back already), or there are enough.
func (d *Desk) hold(ctx context.Context, queue, wanted string, limit int) (h held, err error) {
	out, err := d.queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &queue})
	if err != nil {
		return h, fmt.Errorf("finding queue %q: %w", queue, err)
	}
	h.url = aws.ToString(out.QueueUrl)
	seen := map[string]bool{}
	for len(h.messages) < limit {
		page, err := d.receive(ctx, h.url, min(batch, limit-len(h.messages)))
		if err != nil {
			return h, fmt.Errorf("receiving from %q: %w", queue, err)
		}
		if len(page) == 0 {
			return h, nil
		}
		for i, m := range page {
			id := aws.ToString(m.MessageId)
			if seen[id] {
				h.messages = append(h.messages, page[i:]...)
				return h.once(), nil
			}
			seen[id] = true
			h.messages = append(h.messages, m)
			if id == wanted {
				h.messages = append(h.messages, page[i+1:]...)
				return h, nil
			}
		}
	}
	h.more = true
	return h, nil
}

// once keeps the newest receipt of each message: only that one is sure to work.
func (h held) once() held {
	slices.Reverse(h.messages)
	seen := map[string]bool{}
	h.messages = slices.DeleteFunc(h.messages, func(m types.Message) bool {
		id := aws.ToString(m.MessageId)
		again := seen[id]
		seen[id] = true
		return again
	})
	return h
}

// receive waits a second: a long poll asks all of SQS's servers, a short one
// only some.
func (d *Desk) receive(ctx context.Context, url string, n int) ([]types.Message, error) {
	out, err := d.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: int32(n), VisibilityTimeout: hidden, WaitTimeSeconds: 1,
		MessageAttributeNames:       []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil {
		return nil, err
	}
	return out.Messages, nil
}

// release gives back all but one, empty for all.
func (d *Desk) release(ctx context.Context, h held, but string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releasing)
	defer cancel()
	var errs []error
	for some := range slices.Chunk(h.messages, batch) {
		in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &h.url}
		for i, m := range some {
			if id := aws.ToString(m.MessageId); id != but {
				in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{
					Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle,
				})
			}
		}
		if len(in.Entries) == 0 {
			continue
		}
		out, err := d.queues.ChangeMessageVisibilityBatch(ctx, in)
		if err == nil && len(out.Failed) > 0 {
			err = errors.New(aws.ToString(out.Failed[0].Code))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("giving back what was looked at (it comes back within %d s): %w", hidden, err))
		}
	}
	return errors.Join(errs...)
}

// services are those with a dead-letter queue, or the one whose queue, dead or
// alive, that is.
func services(queue string) ([]topology.Service, error) {
	var out []topology.Service
	for _, s := range topology.Services() {
		if s.Queue() != "" && (queue == "" || queue == s.Name || queue == s.Queue() || queue == s.DeadQueue()) {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("choosing queues: the topology has no queue %q", queue)
	}
	return out, nil
}
