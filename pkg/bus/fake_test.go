package bus_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

const (
	queueURL = "https://sqs.test/1/powerpole-test"
	deadURL  = "https://sqs.test/1/powerpole-test-dlq"
)

// errDown is what a fake answers when it is told to fail.
var errDown = &smithy.GenericAPIError{Code: "ServiceUnavailable", Message: "canary: a body was quoted"}

// fakeSQS is one queue and its dead-letter queue with SQS's rules: visibility,
// receive counts, receipt handles of which only the newest deletes. Faults are
// what a test sets with onCall and onEntry.
type fakeSQS struct {
	mu      sync.Mutex
	fail    func(op string, n int) error
	failing func(op, messageID string, n int) (code string, senderFault bool)
	stored  []*stored
	dead    []sqs.SendMessageInput
	calls   map[string]int
	entries map[string]int
	deleted []string
	wake    chan struct{}
	seq     int
}

type stored struct {
	id, body, receipt string
	sent, visible     time.Time
	receives          int
}

func newFake() *fakeSQS {
	return &fakeSQS{calls: map[string]int{}, entries: map[string]int{}, wake: make(chan struct{})}
}

// onCall sets what is asked before each call, with the operation's name and how
// often it was called by now; an error is the answer.
func (f *fakeSQS) onCall(fail func(op string, n int) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

// onEntry sets what is asked for each entry of a batch; a code fails the entry.
func (f *fakeSQS) onEntry(fail func(op, messageID string, n int) (code string, senderFault bool)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failing = fail
}

// put stores messages, as EventBridge would, and returns their ids.
func (f *fakeSQS) put(bodies ...string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ids []string
	for _, b := range bodies {
		f.seq++
		m := &stored{id: fmt.Sprintf("m%d", f.seq), body: b, sent: time.Now(), visible: time.Now()}
		f.stored, ids = append(f.stored, m), append(ids, m.id)
	}
	close(f.wake)
	f.wake = make(chan struct{})
	return ids
}

// show makes a message visible at once, whoever holds it.
func (f *fakeSQS) show(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.find(func(m *stored) bool { return m.id == id }).visible = time.Now()
	close(f.wake)
	f.wake = make(chan struct{})
}

func (f *fakeSQS) find(is func(*stored) bool) *stored {
	if i := slices.IndexFunc(f.stored, is); i >= 0 {
		return f.stored[i]
	}
	return nil
}

func (f *fakeSQS) begin(op string) error {
	f.mu.Lock()
	f.calls[op]++
	n, fail := f.calls[op], f.fail
	f.mu.Unlock()
	if fail != nil {
		return fail(op, n)
	}
	return nil
}

func (f *fakeSQS) count(op string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[op]
}

func (f *fakeSQS) left() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.stored)
}

func (f *fakeSQS) parked() []sqs.SendMessageInput {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.dead)
}

func (f *fakeSQS) gone() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.deleted)
}

// hiddenFor is how long a message stays hidden from now.
func (f *fakeSQS) hiddenFor(id string) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Until(f.find(func(m *stored) bool { return m.id == id }).visible)
}

func (f *fakeSQS) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	if err := f.begin("Receive"); err != nil {
		return nil, err
	}
	end := time.NewTimer(time.Duration(in.WaitTimeSeconds) * time.Second)
	defer end.Stop()
	for {
		out, next, wake := f.take(in)
		if len(out) > 0 {
			return &sqs.ReceiveMessageOutput{Messages: out}, nil
		}
		timer := time.NewTimer(next)
		select {
		case <-wake:
		case <-timer.C:
		case <-end.C:
			timer.Stop()
			return &sqs.ReceiveMessageOutput{}, nil
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
		timer.Stop()
	}
}

func (f *fakeSQS) take(in *sqs.ReceiveMessageInput) (out []types.Message, next time.Duration, wake chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	next = time.Hour
	for _, m := range f.stored {
		if wait := time.Until(m.visible); wait > 0 {
			next = min(next, wait)
			continue
		}
		if len(out) == int(in.MaxNumberOfMessages) {
			break
		}
		m.receives++
		f.seq++
		m.receipt = fmt.Sprintf("%s/r%d", m.id, f.seq)
		m.visible = time.Now().Add(time.Duration(in.VisibilityTimeout) * time.Second)
		out = append(out, types.Message{
			MessageId: aws.String(m.id), Body: aws.String(m.body), ReceiptHandle: aws.String(m.receipt),
			Attributes: map[string]string{
				"ApproximateReceiveCount": strconv.Itoa(m.receives),
				"SentTimestamp":           strconv.FormatInt(m.sent.UnixMilli(), 10),
			},
		})
	}
	return out, next, f.wake
}

func (f *fakeSQS) DeleteMessageBatch(_ context.Context, in *sqs.DeleteMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	if err := f.begin("Delete"); err != nil {
		return nil, err
	}
	var out sqs.DeleteMessageBatchOutput
	for _, e := range in.Entries {
		out.Failed = append(out.Failed, f.entry("Delete", *e.Id, *e.ReceiptHandle, func(m *stored) {
			f.deleted = append(f.deleted, m.id)
			f.remove(m)
		})...)
	}
	return &out, nil
}

func (f *fakeSQS) ChangeMessageVisibilityBatch(_ context.Context, in *sqs.ChangeMessageVisibilityBatchInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	if err := f.begin("Hide"); err != nil {
		return nil, err
	}
	var out sqs.ChangeMessageVisibilityBatchOutput
	for _, e := range slices.Backward(in.Entries) { // SQS promises no order
		out.Failed = append(out.Failed, f.entry("Hide", *e.Id, *e.ReceiptHandle, func(m *stored) {
			m.visible = time.Now().Add(time.Duration(e.VisibilityTimeout) * time.Second)
			close(f.wake)
			f.wake = make(chan struct{})
		})...)
	}
	return &out, nil
}

// entry does one entry of a batch. A receipt handle that is not the newest is
// accepted and changes nothing, as SQS may do.
func (f *fakeSQS) entry(op, id, receipt string, do func(*stored)) []types.BatchResultErrorEntry {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.find(func(m *stored) bool { return m.receipt == receipt })
	if m == nil {
		return nil
	}
	f.entries[op+m.id]++
	if f.failing != nil {
		if code, fault := f.failing(op, m.id, f.entries[op+m.id]); code != "" {
			return []types.BatchResultErrorEntry{{Id: aws.String(id), Code: aws.String(code), SenderFault: fault}}
		}
	}
	do(m)
	return nil
}

func (f *fakeSQS) SendMessage(_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	if err := f.begin("Send"); err != nil {
		return nil, err
	}
	if *in.QueueUrl != deadURL {
		return nil, errors.New("sent to another's queue")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = append(f.dead, *in)
	return &sqs.SendMessageOutput{}, nil
}

// remove deletes a message; the caller holds the lock.
func (f *fakeSQS) remove(m *stored) {
	f.stored = slices.DeleteFunc(f.stored, func(s *stored) bool { return s == m })
}
