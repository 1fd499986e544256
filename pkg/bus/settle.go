package bus

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/powerpole/powerpole/pkg/event"
)

// deleters is how many delete batches run at once.
const deleters = 4

// settler carries verdicts out, in batches.
type settler struct {
	client  sqsAPI
	config  Config
	parking parking
	flights *flights
	deletes *batcher[*flight]
	hides   *batcher[hiding]
}

// hiding sets a message's visibility: as a heartbeat, or to end its flight.
type hiding struct {
	flight    *flight
	after     time.Duration
	heartbeat bool
}

func newSettler(client sqsAPI, c Config) *settler {
	s := &settler{client: client, config: c, parking: parking{client, c.DeadQueueURL, queueName(c.QueueURL)}}
	s.flights = newFlights(c.Visibility/2, func(f *flight) {
		s.hides.add(hiding{flight: f, after: c.Visibility, heartbeat: true})
	})
	s.deletes = newBatcher(deleters, s.flushDeletes)
	// One at a time: a heartbeat that overtook a Later would cut it short.
	s.hides = newBatcher(1, s.flushHides)
	return s
}

// settle ends the flight as the verdict says. Heartbeats go on until it is
// decided, also while the message is being parked.
func (s *settler) settle(ctx context.Context, f *flight, e event.Event, v verdict) {
	if v.action == park {
		if err := s.parking.send(ctx, f.message, e, v); err != nil {
			s.config.Logger.ErrorContext(ctx, "parking failed, the message comes back", "queue", s.parking.queue,
				"id", clean(e.Detail.ID, maxName), "error", err)
			v = verdict{action: comeBack, backoff: true}
		}
	}
	if v.action == comeBack {
		s.comeBack(f, v.wait(f.receives))
		return
	}
	s.flights.drop(f)
	s.deletes.add(f)
}

// comeBack ends the flight without deleting.
func (s *settler) comeBack(f *flight, after time.Duration) {
	s.flights.drop(f)
	s.hides.add(hiding{flight: f, after: after})
}

// wait is how long the message stays hidden.
func (v verdict) wait(receives int) time.Duration {
	if v.backoff {
		return backoff(messageBackoff, messageBackoffMax, receives)
	}
	return v.after
}

// deleted is a flight with the receipt handle that its delete used.
type deleted struct {
	flight  *flight
	receipt string
}

// flushDeletes deletes the messages. One that was delivered again meanwhile is
// deleted once more, with the handle of that delivery.
func (s *settler) flushDeletes(ctx context.Context, batch []*flight) {
	for len(batch) > 0 {
		sent := make([]deleted, len(batch))
		for i, f := range batch {
			receipt, _ := s.flights.handle(f)
			sent[i] = deleted{f, receipt}
		}
		lost, err := resend(ctx, sent, s.delete)
		for _, d := range lost {
			s.flights.leave(d.flight)
		}
		s.report(ctx, "deleting failed, messages come again", len(lost), err)
		batch = s.undone(sent, lost)
	}
}

// undone returns the flights whose receipt handle is no longer that of the
// delete, but for the lost ones, and forgets all others.
func (s *settler) undone(sent, lost []deleted) []*flight {
	gone := make(map[*flight]bool, len(lost))
	for _, d := range lost {
		gone[d.flight] = true
	}
	var again []*flight
	for _, d := range sent {
		if !gone[d.flight] && !s.flights.done(d.flight, d.receipt) {
			again = append(again, d.flight)
		}
	}
	return again
}

func (s *settler) delete(ctx context.Context, batch []deleted) ([]types.BatchResultErrorEntry, error) {
	entries := make([]types.DeleteMessageBatchRequestEntry, len(batch))
	for i, d := range batch {
		entries[i] = types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(d.receipt)}
	}
	out, err := s.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{
		QueueUrl: aws.String(s.config.QueueURL), Entries: entries,
	})
	if err != nil {
		return nil, err
	}
	return out.Failed, nil
}

// flushHides sets visibilities. Flights that end here are forgotten first, so
// that a message which comes back at once is a new one; heartbeats of flights
// that have ended by now are left out.
func (s *settler) flushHides(ctx context.Context, batch []hiding) {
	out := make([]hidden, 0, len(batch))
	for _, h := range batch {
		if !h.heartbeat {
			out = append(out, hidden{s.flights.leave(h.flight), h.after})
		} else if receipt, held := s.flights.handle(h.flight); held {
			out = append(out, hidden{receipt, h.after})
		}
	}
	lost, err := resend(ctx, out, func(ctx context.Context, batch []hidden) ([]types.BatchResultErrorEntry, error) {
		return hide(ctx, s.client, s.config.QueueURL, batch)
	})
	s.report(ctx, "changing visibility failed, messages keep theirs", len(lost), err)
}

func (s *settler) report(ctx context.Context, what string, lost int, err error) {
	if lost > 0 {
		s.config.Logger.LogAttrs(ctx, slog.LevelWarn, what, slog.String("queue", s.parking.queue),
			slog.Int("messages", lost), slog.String("error", code(err)))
	}
}
