package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// settleReserve is what is kept of Lambda's deadline for parking and for
// setting visibilities.
const settleReserve = 2 * time.Second

// LambdaHandler is what aws-lambda-go's lambda.Start takes.
type LambdaHandler func(context.Context, events.SQSEvent) (events.SQSEventResponse, error)

// Lambda returns a function for an SQS event source with
// ReportBatchItemFailures. The messages of a batch run side by side, each to
// the same verdict as with a Poller. What comes back is hidden by
// ChangeMessageVisibility and also reported as failed, so that Lambda does not
// delete it; what is parked counts as done. There are no heartbeats: the
// queue's visibility must hold for the handlers' timeout.
//
// An invocation that is not of the service's own queue is an error as a whole.
func Lambda(client settleAPI, router *Router, config Config) (LambdaHandler, error) {
	if client == nil || router == nil {
		return nil, errors.New("building a lambda handler: client or router is missing")
	}
	config = config.withDefaults()
	err := config.check()
	if config.Timeout >= config.Visibility {
		err = errors.Join(err, fmt.Errorf("the timeout %s does not fit into the visibility %s", config.Timeout, config.Visibility))
	}
	if err != nil {
		return nil, fmt.Errorf("building a lambda handler: %w", err)
	}
	d, err := newDispatcher(router, config)
	if err != nil {
		return nil, fmt.Errorf("building a lambda handler: %w", err)
	}
	l := &invocations{client, config, d, parking{client, config.DeadQueueURL, queueName(config.QueueURL)}}
	return l.handle, nil
}

type invocations struct {
	client     settleAPI
	config     Config
	dispatcher *dispatcher
	parking    parking
}

func (l *invocations) handle(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
	for _, r := range batch.Records {
		if err := l.check(r); err != nil {
			return events.SQSEventResponse{}, fmt.Errorf("handling a batch of %d: %w", len(batch.Records), err)
		}
	}
	working, cancel := l.reserve(ctx)
	defer cancel()
	done := make([]bool, len(batch.Records))
	slots := make(chan struct{}, l.config.Workers)
	var running sync.WaitGroup
	for i, r := range batch.Records {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			done[i] = l.one(ctx, working, r)
		})
	}
	running.Wait()
	var out events.SQSEventResponse
	for i, r := range batch.Records {
		if !done[i] {
			out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: r.MessageId})
		}
	}
	return out, nil
}

// check refuses what is not a message of the service's queue. Without an id a
// message could not be reported as failed and would be deleted.
func (l *invocations) check(r events.SQSMessage) error {
	switch {
	case r.EventSource != "aws:sqs":
		return errors.New("a record is not from SQS")
	case r.MessageId == "" || r.ReceiptHandle == "":
		return errors.New("a message has no id or no receipt handle")
	case arnName(r.EventSourceARN) != l.parking.queue:
		return fmt.Errorf("a message is not from %q", l.parking.queue)
	}
	return nil
}

// reserve ends the handlers' context a little before Lambda ends the process.
func (l *invocations) reserve(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-settleReserve))
}

// one handles a message and reports whether Lambda may delete it.
func (l *invocations) one(ctx, working context.Context, r events.SQSMessage) bool {
	m := readMessage(r.MessageId, r.Body, r.Attributes)
	v, e := l.dispatcher.dispatch(working, m)
	if v.action == park {
		err := l.parking.send(ctx, m, e, v)
		if err == nil {
			return true
		}
		l.config.Logger.ErrorContext(ctx, "parking failed, the message comes back", "queue", l.parking.queue,
			"id", clean(e.Detail.ID, maxName), "error", err)
		v = verdict{action: comeBack, backoff: true}
	}
	if v.action == comeBack {
		l.hide(ctx, r, v.wait(m.receives))
		return false
	}
	return true
}

func (l *invocations) hide(ctx context.Context, r events.SQSMessage, after time.Duration) {
	_, err := resend(ctx, []hidden{{r.ReceiptHandle, after}},
		func(ctx context.Context, batch []hidden) ([]types.BatchResultErrorEntry, error) {
			return hide(ctx, l.client, l.config.QueueURL, batch)
		})
	if err != nil {
		l.config.Logger.WarnContext(ctx, "changing visibility failed, the message keeps its own",
			"queue", l.parking.queue, "error", code(err))
	}
}
