// Package sqs is an SQS with standard queues, in memory, that speaks AWS JSON
// as the SDK does. Names, limits and error codes are AWS's
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/);
// FIFO queues are refused.
package sqs

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// Options say where the queues live and what a test may change about them.
type Options struct {
	// Region and Account are part of every queue's ARN and URL.
	Region, Account string
	// LongPoll replaces the wait of every ReceiveMessage that waits at all,
	// zero leaves it as asked for (at most 20 s). A simulation in virtual time
	// uses it to skip idle hours in larger steps.
	LongPoll time.Duration
}

// Server is the SQS of one account in one region.
type Server struct {
	opts Options
	http *wire.JSON
	ctx  context.Context //nolint:containedctx // the lifetime of long polls and move tasks
	end  context.CancelFunc
	wg   sync.WaitGroup

	// mu guards everything below, every queue and every message. It is held
	// for computing only, never while a call waits.
	mu      sync.Mutex
	queues  map[string]*queue
	deleted map[string]time.Time
	tasks   []*moveTask
}

// New returns an SQS without queues.
func New(opts Options) *Server {
	ctx, end := context.WithCancel(context.Background())
	s := &Server{
		opts: opts, http: wire.NewJSON("SQS", "1.0"), ctx: ctx, end: end,
		queues: map[string]*queue{}, deleted: map[string]time.Time{},
	}
	s.handleQueues()
	s.handleMessages()
	s.handleMoveTasks()
	return s
}

func (s *Server) handleQueues() {
	wire.Handle(s.http, "CreateQueue", s.createQueue)
	wire.Handle(s.http, "DeleteQueue", s.deleteQueue)
	wire.Handle(s.http, "GetQueueAttributes", s.getQueueAttributes)
	wire.Handle(s.http, "GetQueueUrl", s.getQueueURL)
	wire.Handle(s.http, "ListDeadLetterSourceQueues", s.listDeadLetterSourceQueues)
	wire.Handle(s.http, "ListQueueTags", s.listQueueTags)
	wire.Handle(s.http, "ListQueues", s.listQueues)
	wire.Handle(s.http, "PurgeQueue", s.purgeQueue)
	wire.Handle(s.http, "SetQueueAttributes", s.setQueueAttributes)
	wire.Handle(s.http, "TagQueue", s.tagQueue)
	wire.Handle(s.http, "UntagQueue", s.untagQueue)
}

func (s *Server) handleMessages() {
	wire.Handle(s.http, "ChangeMessageVisibility", s.changeVisibility)
	wire.Handle(s.http, "ChangeMessageVisibilityBatch", s.changeVisibilityBatch)
	wire.Handle(s.http, "DeleteMessage", s.deleteMessage)
	wire.Handle(s.http, "DeleteMessageBatch", s.deleteMessageBatch)
	wire.Handle(s.http, "ReceiveMessage", s.receiveMessage)
	wire.Handle(s.http, "SendMessage", s.sendMessage)
	wire.Handle(s.http, "SendMessageBatch", s.sendMessageBatch)
}

func (s *Server) handleMoveTasks() {
	wire.Handle(s.http, "CancelMessageMoveTask", s.cancelMoveTask)
	wire.Handle(s.http, "ListMessageMoveTasks", s.listMoveTasks)
	wire.Handle(s.http, "StartMessageMoveTask", s.startMoveTask)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.http.ServeHTTP(w, r) }

// Close ends long polls and move tasks and waits for the latter. Nothing may
// be called afterwards.
func (s *Server) Close() {
	s.end()
	s.wg.Wait()
}

// Deliver puts a message into a queue as another service of AWS does. The
// error is a *wire.Error with the code that SQS answers: QueueDoesNotExist,
// InvalidMessageContents and so on.
func (s *Server) Deliver(_ context.Context, queueARN, body string, attributes map[string]string) error {
	in := message{body: body, attrs: make(map[string]attribute, len(attributes))}
	for name, value := range attributes {
		in.attrs[name] = attribute{DataType: "String", StringValue: &value}
	}
	if err := in.seal(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q, ok := s.queues[nameOf(queueARN)]
	if !ok || q.arn != queueARN {
		return noSuchQueue()
	}
	if in.size() > q.maxSize {
		return invalid("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", q.maxSize)
	}
	q.send(&in, time.Now(), q.delay)
	return nil
}

// QueueState is what a page shows of a queue.
type QueueState struct {
	// Name and ARN identify the queue.
	Name, ARN string
	// Visible, InFlight and Delayed count its messages.
	Visible, InFlight, Delayed int
	// Oldest is when the message that has waited longest was sent, zero for an
	// empty queue.
	Oldest time.Time
	// DeadLetter is the name of the queue that takes what was received too
	// often, MaxReceives how often that is; empty and zero without one.
	DeadLetter  string
	MaxReceives int
}

// Queues returns every queue's state, by name.
func (s *Server) Queues() []QueueState {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	out := make([]QueueState, 0, len(s.queues))
	for _, name := range s.names() {
		out = append(out, s.queues[name].state(now))
	}
	return out
}

// Peek returns the bodies of up to limit messages that a queue holds, oldest
// first, without receiving them; nil if there is no such queue. It is for a
// page: AWS has nothing like it.
func (s *Server) Peek(name string, limit int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, ok := s.queues[name]
	if !ok {
		return nil
	}
	return q.peek(time.Now(), limit)
}
