package bustest

import (
	"context"
	"maps"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Spy is an SQS client that remembers what a poller received and deleted.
type Spy struct {
	*sqs.Client

	mu       sync.Mutex
	received map[string]int    // how often, by message id
	bodies   map[string]string // by receipt handle
	deleted  []string          // bodies
}

// ReceiveMessage implements the poller's client.
func (s *Spy) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, o ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	out, err := s.Client.ReceiveMessage(ctx, in, o...)
	if err == nil {
		s.note(out.Messages)
	}
	return out, err
}

func (s *Spy) note(messages []types.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bodies == nil {
		s.bodies = map[string]string{}
	}
	for _, m := range messages {
		s.received[*m.MessageId]++
		s.bodies[*m.ReceiptHandle] = *m.Body
	}
}

// DeleteMessageBatch implements the poller's client.
func (s *Spy) DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput, o ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	s.mu.Lock()
	for _, e := range in.Entries {
		s.deleted = append(s.deleted, s.bodies[*e.ReceiptHandle])
	}
	s.mu.Unlock()
	return s.Client.DeleteMessageBatch(ctx, in, o...)
}

// Received tells how often each message was received, by its id.
func (s *Spy) Received() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.received)
}

// Deleted reports how many deletes were asked for of messages with that in
// their body.
func (s *Spy) Deleted(part string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, body := range s.deleted {
		if strings.Contains(body, part) {
			n++
		}
	}
	return n
}

// flaky is an EventBridge that does not take one entry of its first call, and
// says so as AWS does: with status 200.
type flaky struct {
	*eventbridge.Client

	mu    sync.Mutex
	sizes []int
}

func (f *flaky) PutEvents(ctx context.Context, in *eventbridge.PutEventsInput, o ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	f.mu.Lock()
	f.sizes = append(f.sizes, len(in.Entries))
	first := len(f.sizes) == 1
	f.mu.Unlock()
	if !first {
		return f.Client.PutEvents(ctx, in, o...)
	}
	good := []ebtypes.PutEventsRequestEntry{in.Entries[0], in.Entries[2]}
	out, err := f.Client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: good}, o...)
	if err != nil {
		return nil, err
	}
	bad := ebtypes.PutEventsResultEntry{ErrorCode: aws.String("InternalFailure")}
	return &eventbridge.PutEventsOutput{
		FailedEntryCount: 1, Entries: []ebtypes.PutEventsResultEntry{out.Entries[0], bad, out.Entries[1]},
	}, nil
}
