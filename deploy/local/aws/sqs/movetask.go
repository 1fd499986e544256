package sqs

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// maxMoveRate is how many messages a second a task moves at most, and does
// where it was not told otherwise.
const maxMoveRate = 500

// The states of a move task, as AWS spells them.
const (
	moveRunning   = "RUNNING"
	moveCompleted = "COMPLETED"
	moveCancelled = "CANCELLED"
	moveFailed    = "FAILED"
)

// moveTask moves the messages of a dead-letter queue back, or elsewhere.
// Server.mu guards its fields.
type moveTask struct {
	handle, source, destination string
	rate                        int
	started                     time.Time
	total, moved                int
	status, reason              string
	cancel                      chan struct{}
}

type startMoveTaskInput struct {
	SourceArn                    string
	DestinationArn               string
	MaxNumberOfMessagesPerSecond int
}

type taskHandle struct{ TaskHandle string }

func (s *Server) startMoveTask(_ context.Context, in *startMoveTaskInput) (*taskHandle, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayMove(in); err != nil {
		return nil, err
	}
	q := s.queues[nameOf(in.SourceArn)]
	q.settle(time.Now())
	t := &moveTask{
		handle: uuid.NewString(), source: in.SourceArn, destination: in.DestinationArn,
		rate: in.MaxNumberOfMessagesPerSecond, started: time.Now(), total: q.ready.Len(),
		status: moveRunning, cancel: make(chan struct{}),
	}
	if t.rate == 0 {
		t.rate = maxMoveRate
	}
	s.tasks = append(s.tasks, t)
	s.wg.Go(func() { s.runMove(t) })
	return &taskHandle{t.handle}, nil
}

func (s *Server) mayMove(in *startMoveTaskInput) error {
	if !s.exists(in.SourceArn) || in.DestinationArn != "" && !s.exists(in.DestinationArn) {
		return &wire.Error{Code: "ResourceNotFoundException", Message: "The resource that you specified for the SourceArn or DestinationArn parameter doesn't exist.", Status: 404}
	}
	if len(s.sourcesOf(in.SourceArn)) == 0 {
		return invalid("Source queue must be configured as a Dead Letter Queue.")
	}
	if r := in.MaxNumberOfMessagesPerSecond; r < 0 || r > maxMoveRate {
		return invalid("Value %d for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be between 1 and %d.", r, maxMoveRate)
	}
	if s.running(in.SourceArn) != nil {
		return unsupported("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	}
	return nil
}

func (s *Server) running(source string) *moveTask {
	for _, t := range s.tasks {
		if t.source == source && t.status == moveRunning {
			return t
		}
	}
	return nil
}

// runMove moves one message after the other at the task's rate until nothing
// is visible or it is cancelled.
func (s *Server) runMove(t *moveTask) {
	tick := time.NewTicker(time.Second / time.Duration(t.rate))
	defer tick.Stop()
	for s.moveOne(t) {
		select {
		case <-tick.C:
		case <-t.cancel:
		case <-s.ctx.Done():
			return
		}
	}
}

// moveOne moves the next message. It is false once the task is over.
func (s *Server) moveOne(t *moveTask) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.status != moveRunning {
		return false
	}
	q, ok := s.queues[nameOf(t.source)]
	if !ok {
		t.status, t.reason = moveFailed, "AWS.SimpleQueueService.NonExistentQueue"
		return false
	}
	q.settle(time.Now())
	front := q.ready.Front()
	if front == nil {
		t.status = moveCompleted
		return false
	}
	m := front.Value.(*message)
	to := s.destination(t, m)
	if to == nil {
		t.status, t.reason = moveFailed, "CouldNotDetermineMessageSource"
		return false
	}
	q.drop(m)
	to.send(&message{id: uuid.NewString(), body: m.body, bodyMD5: m.bodyMD5, attrs: m.attrs, attrMD5: m.attrMD5, trace: m.trace}, time.Now(), 0)
	t.moved++
	return true
}

// destination is where the task moves m: where it was told, or the queue that
// m came from. A message that SQS did not bury has none, as with AWS.
func (s *Server) destination(t *moveTask, m *message) *queue {
	if t.destination != "" {
		return s.queues[nameOf(t.destination)]
	}
	return s.queues[nameOf(m.source)]
}

type cancelMoveTaskOutput struct {
	ApproximateNumberOfMessagesMoved int
}

func (s *Server) cancelMoveTask(_ context.Context, in *taskHandle) (*cancelMoveTaskOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.tasks, func(t *moveTask) bool { return t.handle == in.TaskHandle })
	if i < 0 {
		return nil, &wire.Error{Code: "ResourceNotFoundException", Message: "The task handle does not exist.", Status: 404}
	}
	t := s.tasks[i]
	if t.status != moveRunning {
		return nil, unsupported("Only active message movement tasks can be cancelled.")
	}
	t.status = moveCancelled
	close(t.cancel)
	return &cancelMoveTaskOutput{t.moved}, nil
}

type listMoveTasksInput struct {
	SourceArn  string
	MaxResults int
}

type listMoveTasksOutput struct{ Results []moveTaskEntry }

type moveTaskEntry struct {
	TaskHandle                        string `json:",omitempty"`
	Status                            string
	SourceArn                         string
	DestinationArn                    string `json:",omitempty"`
	MaxNumberOfMessagesPerSecond      int    `json:",omitempty"`
	ApproximateNumberOfMessagesMoved  int
	ApproximateNumberOfMessagesToMove int
	FailureReason                     string `json:",omitempty"`
	StartedTimestamp                  int64  // milliseconds
}

func (s *Server) listMoveTasks(_ context.Context, in *listMoveTasksInput) (*listMoveTasksOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.exists(in.SourceArn) {
		return nil, &wire.Error{Code: "ResourceNotFoundException", Message: "The resource that you specified for the SourceArn parameter doesn't exist.", Status: 404}
	}
	out := &listMoveTasksOutput{Results: []moveTaskEntry{}}
	for _, t := range slices.Backward(s.tasks) {
		if t.source == in.SourceArn && len(out.Results) < max(1, min(10, in.MaxResults)) {
			out.Results = append(out.Results, t.entry())
		}
	}
	return out, nil
}

func (t *moveTask) entry() moveTaskEntry {
	e := moveTaskEntry{
		Status: t.status, SourceArn: t.source, DestinationArn: t.destination, MaxNumberOfMessagesPerSecond: t.rate,
		ApproximateNumberOfMessagesMoved: t.moved, ApproximateNumberOfMessagesToMove: t.total,
		FailureReason: t.reason, StartedTimestamp: t.started.UnixMilli(),
	}
	if t.status == moveRunning {
		e.TaskHandle = t.handle
	}
	return e
}
