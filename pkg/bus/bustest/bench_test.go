package bustest_test

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/bus/bustest"
	"github.com/powerpole/powerpole/pkg/event"
)

// acks counts the messages that SQS has deleted.
type acks struct {
	*sqs.Client
	done sync.WaitGroup
}

func (a *acks) DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput, o ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	out, err := a.Client.DeleteMessageBatch(ctx, in, o...)
	if err == nil {
		a.done.Add(-len(out.Successful))
	}
	return out, err
}

// BenchmarkRoundTrip takes one message all the way: published, through the
// rule, into the queue, handled, acknowledged; bus, queue and service in one
// process. Its goal is 2,000 messages/s on two cores.
func BenchmarkRoundTrip(b *testing.B) {
	b.Run("published one by one", func(b *testing.B) { roundTrip(b, 1) })
	b.Run("published in tens", func(b *testing.B) { roundTrip(b, 10) })
}

func roundTrip(b *testing.B, batch int) {
	s, err := aws.New(context.Background(), aws.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	r := bustest.NewRig(b, s.Config())
	client := &acks{Client: r.SQS}
	c := r.Config()
	c.Visibility = 45 * time.Second
	c.Logger = slog.New(slog.NewJSONHandler(io.Discard, nil))
	p, err := bus.NewPoller(client, r.Router(b, func(context.Context, event.Typed[bustest.Probe]) error { return nil }), c)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	events := make([]event.Event, b.N)
	for i := range events {
		events[i] = r.Probe(b, i)
	}
	client.done.Add(b.N)
	b.ReportAllocs()
	b.ResetTimer()
	publish(b, r, events, batch)
	client.done.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	cancel()
	if err := <-ended; err != nil {
		b.Error(err)
	}
}

// publish has four publishers, as a service has several handlers.
func publish(b *testing.B, r *bustest.Rig, events []event.Event, batch int) {
	b.Helper()
	work := make(chan []event.Event)
	var publishers sync.WaitGroup
	for range 4 {
		publishers.Go(func() {
			for some := range work {
				if err := r.Publisher.Publish(b.Context(), some...); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for len(events) > 0 {
		n := min(batch, len(events))
		work <- events[:n]
		events = events[n:]
	}
	close(work)
	publishers.Wait()
}
