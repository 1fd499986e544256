package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/powerpole/powerpole/pkg/event"
)

// maxBatch is the most entries of one PutEvents, and of one batch call to SQS.
const maxBatch = 10

// PutEvents takes less than 1 MB in all. Ten events of the largest size with
// their names fit; this fails to compile where they would not.
const _ uint = 1_000_000 - maxBatch*(event.MaxSize+2*maxName)

// putEventsAPI is what Publisher needs of *eventbridge.Client.
type putEventsAPI interface {
	PutEvents(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// Publisher puts one service's events on the bus.
type Publisher struct {
	client   putEventsAPI
	bus      string
	source   event.Source
	registry *event.Registry
	meter    metric.MeterProvider
	alarms   metric.Int64Counter
}

// PublisherOption changes a publisher that is being made.
type PublisherOption func(*Publisher)

// WithMeter counts the alarms that EventBridge has taken, by name, as
// powerpole.alarms. Without it nothing is counted.
func WithMeter(m metric.MeterProvider) PublisherOption { return func(p *Publisher) { p.meter = m } }

// NewPublisher returns the publisher of one service. It returns an error where
// something is missing.
func NewPublisher(
	client putEventsAPI, bus string, source event.Source, registry *event.Registry, options ...PublisherOption,
) (*Publisher, error) {
	if client == nil || bus == "" || source == "" || registry == nil {
		return nil, errors.New("building a publisher: client, bus, source or registry is missing")
	}
	p := &Publisher{client: client, bus: bus, source: source, registry: registry, meter: noop.NewMeterProvider()}
	for _, o := range options {
		o(p)
	}
	var err error
	if p.alarms, err = alarmCounter(p.meter); err != nil {
		return nil, fmt.Errorf("building a publisher: %w", err)
	}
	return p, nil
}

// ErrMayNotPublish is returned for an event of another service, of an unknown
// kind, or of a kind that never passes the bus.
var ErrMayNotPublish = errors.New("event may not be published by this service")

// Publish sends the events, in their order, and returns nil only when
// EventBridge has taken every one. All are checked before the first is sent:
// ErrMayNotPublish and event.ErrTooLarge mean that none was. What fails is sent
// again a few times, and only that; a *PublishError names what did not go.
//
// An event that was taken may still be sent twice: delivery is at least once.
func (p *Publisher) Publish(ctx context.Context, events ...event.Event) error {
	out := make([]outgoing, len(events))
	for i, e := range events {
		entry, err := p.entry(e)
		if err != nil {
			return fmt.Errorf("publishing %s: %w", e.Kind(), err)
		}
		out[i] = outgoing{entry: entry, id: e.Detail.ID, alarm: alarmOf(e)}
	}
	var failed PublishError
	for len(out) > 0 {
		n := min(len(out), maxBatch)
		failed.add(p.send(ctx, out[:n]))
		out = out[n:]
	}
	if len(failed.Events) == 0 {
		return nil
	}
	failed.Total = len(events)
	return &failed
}

// outgoing is an event on its way, with the alarm that it raises, "" for none,
// and the code of its last failure.
type outgoing struct {
	entry types.PutEventsRequestEntry
	id    string
	alarm string
	code  string
}

func (p *Publisher) entry(e event.Event) (types.PutEventsRequestEntry, error) {
	known, err := p.registry.Lookup(e.Kind())
	if err != nil {
		return types.PutEventsRequestEntry{}, fmt.Errorf("%w: %w", ErrMayNotPublish, err)
	}
	if e.Source != p.source || known.Private {
		return types.PutEventsRequestEntry{}, fmt.Errorf("%w: %s", ErrMayNotPublish, p.source)
	}
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return types.PutEventsRequestEntry{}, fmt.Errorf("marshalling the envelope: %w", err)
	}
	if len(detail) > event.MaxSize {
		return types.PutEventsRequestEntry{}, fmt.Errorf("%d bytes: %w", len(detail), event.ErrTooLarge)
	}
	return types.PutEventsRequestEntry{
		EventBusName: aws.String(p.bus),
		Source:       aws.String(string(e.Source)),
		DetailType:   aws.String(e.Type),
		Detail:       aws.String(string(detail)),
		Time:         aws.Time(e.Detail.OccurredAt),
	}, nil
}

// send sends one batch, again what failed, and returns what never went.
func (p *Publisher) send(ctx context.Context, left []outgoing) ([]outgoing, error) {
	var err error
	for try := 1; ; try++ {
		left, err = p.put(ctx, left)
		if len(left) == 0 || try == callTries {
			return left, err
		}
		if !sleep(ctx, backoff(callBackoff, time.Second, try)) {
			return left, context.Cause(ctx)
		}
	}
}

// put calls PutEvents once and returns what EventBridge did not take.
func (p *Publisher) put(ctx context.Context, batch []outgoing) ([]outgoing, error) {
	entries := make([]types.PutEventsRequestEntry, len(batch))
	for i, o := range batch {
		entries[i] = o.entry
	}
	result, err := p.client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries})
	if err != nil {
		return allFailed(batch, code(err)), err
	}
	if result.FailedEntryCount == 0 {
		p.countAlarms(ctx, batch)
		return nil, nil
	}
	if len(result.Entries) != len(batch) {
		return allFailed(batch, "IncompleteAnswer"), nil
	}
	taken, failed := divide(batch, result.Entries)
	p.countAlarms(ctx, taken)
	return failed, nil
}

func allFailed(batch []outgoing, code string) []outgoing {
	for i := range batch {
		batch[i].code = code
	}
	return batch
}

// divide tells what was taken from what was not by their place: the n-th result
// is that of the n-th entry.
func divide(batch []outgoing, results []types.PutEventsResultEntry) (taken, failed []outgoing) {
	for i, r := range results {
		if r.ErrorCode == nil {
			taken = append(taken, batch[i])
			continue
		}
		batch[i].code = *r.ErrorCode
		failed = append(failed, batch[i])
	}
	return taken, failed
}
