package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// A receive that fails is tried again for ever.
const (
	receiveBackoff    = 200 * time.Millisecond
	receiveBackoffMax = 30 * time.Second
	// receiveSlack is how much longer than its wait a receive may take before
	// its connection counts as dead.
	receiveSlack = 15 * time.Second
)

// Poller handles the messages of one queue in a container.
type Poller struct {
	client     sqsAPI
	config     Config
	dispatcher *dispatcher
}

// NewPoller returns a poller for the router's handlers. Its error names all
// that is wrong with the configuration.
func NewPoller(client sqsAPI, router *Router, config Config) (*Poller, error) {
	if client == nil || router == nil {
		return nil, errors.New("building a poller: client or router is missing")
	}
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("building a poller: %w", err)
	}
	d, err := newDispatcher(router, config)
	if err != nil {
		return nil, fmt.Errorf("building a poller: %w", err)
	}
	return &Poller{client: client, config: config, dispatcher: d}, nil
}

// Run handles messages until the context ends, and returns nil. It then stops
// receiving, gives back what no handler has begun, lets running handlers finish
// within Config.Grace and after that ends their context; a message whose
// handler fails by that is given back as well. Whatever SQS answers, Run goes
// on.
func (p *Poller) Run(ctx context.Context) error {
	settling, endSettling := context.WithCancel(context.WithoutCancel(ctx))
	defer endSettling()
	working, endWorking := context.WithCancel(settling)
	defer endWorking()

	s := &shift{Poller: p, settler: newSettler(p.client, p.config), begun: make(chan *flight)}
	var batchers, workers sync.WaitGroup
	batchers.Go(func() { s.settler.deletes.run(settling) })
	batchers.Go(func() { s.settler.hides.run(settling) })
	for range p.config.Workers {
		workers.Go(func() { s.work(working, settling) })
	}
	s.pollers.Go(func() { s.poll(ctx, false) })

	s.pollers.Wait()
	defer time.AfterFunc(p.config.Grace, endWorking).Stop()
	defer time.AfterFunc(p.config.Grace+callTimeout, endSettling).Stop()
	close(s.begun)
	workers.Wait()
	s.settler.deletes.close()
	s.settler.hides.close()
	batchers.Wait()
	return nil
}

// shift is one Run.
type shift struct {
	*Poller
	settler *settler
	pollers sync.WaitGroup
	extra   atomic.Int32
	// begun is not buffered: a poller receives more only when workers have
	// taken all that it had.
	begun chan *flight
}

func (s *shift) work(working, settling context.Context) {
	for f := range s.begun {
		v, e := s.dispatcher.dispatch(working, f.message)
		s.settler.settle(settling, f, e, v)
	}
}

// poll receives and hands over. The first poller goes on until the context
// ends; an extra one until there is no more than one receive can fetch.
func (s *shift) poll(ctx context.Context, extra bool) {
	if extra {
		defer s.extra.Add(-1)
	}
	for failures := 0; ctx.Err() == nil; {
		messages, err := s.receive(ctx)
		full := len(messages) == maxBatch
		switch {
		case err != nil && !extra:
			failures++
			s.pause(ctx, failures, err)
			continue
		case full:
			s.another(ctx)
		}
		failures = 0
		if len(messages) > 0 {
			s.config.Quiet.broken()
		}
		s.handOver(ctx, messages)
		if extra && !full {
			return
		}
		if s.config.Quiet.Holds() && len(messages) == 0 {
			sleep(ctx, s.config.Rest)
		}
	}
}

// another starts one more poller, up to the configured number.
func (s *shift) another(ctx context.Context) {
	if int(s.extra.Add(1)) >= s.config.Pollers {
		s.extra.Add(-1)
		return
	}
	s.pollers.Go(func() { s.poll(ctx, true) })
}

func (s *shift) pause(ctx context.Context, failures int, err error) {
	if ctx.Err() != nil {
		return
	}
	wait := backoff(receiveBackoff, receiveBackoffMax, failures)
	s.config.Logger.WarnContext(ctx, "receiving failed", "queue", s.settler.parking.queue,
		"error", code(err), "again_in", wait.String())
	sleep(ctx, wait)
}

func (s *shift) receive(ctx context.Context) ([]types.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, s.config.Wait+receiveSlack)
	defer cancel()
	out, err := s.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl:            aws.String(s.config.QueueURL),
		MaxNumberOfMessages: maxBatch,
		WaitTimeSeconds:     seconds(min(s.config.Wait, longPoll)),
		VisibilityTimeout:   seconds(s.config.Visibility),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{
			types.MessageSystemAttributeNameApproximateReceiveCount,
			types.MessageSystemAttributeNameSentTimestamp,
		},
	})
	if err != nil {
		return nil, err
	}
	return out.Messages, nil
}

// handOver gives the messages to the workers, or back to the queue where the
// service is stopping. All are kept hidden meanwhile.
func (s *shift) handOver(ctx context.Context, messages []types.Message) {
	flights := make([]*flight, 0, len(messages))
	for _, m := range messages {
		msg := readMessage(aws.ToString(m.MessageId), aws.ToString(m.Body), m.Attributes)
		if f, fresh := s.settler.flights.take(msg, aws.ToString(m.ReceiptHandle)); fresh {
			flights = append(flights, f)
		}
	}
	for _, f := range flights {
		if ctx.Err() == nil {
			select {
			case s.begun <- f:
				continue
			case <-ctx.Done():
			}
		}
		s.settler.comeBack(f, 0)
	}
}
