package bustest

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

func attribute(m types.Message, name string) string {
	return aws.ToString(m.MessageAttributes[name].StringValue)
}

func visibility(r *Rig, m types.Message, seconds int32) *sqs.ChangeMessageVisibilityInput {
	return &sqs.ChangeMessageVisibilityInput{
		QueueUrl: aws.String(r.QueueURL), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds,
	}
}

func terminalIsParked(t *testing.T, r *Rig) {
	c := collect(func(event.Typed[Probe]) error { return bus.Terminal(errors.New("no\nwarrant\x01")) })
	_, stop := r.Start(t, r.Config(), c.handle)
	r.Publish(t, 1)
	m := r.Parked(t, 1)[0]
	for name, want := range map[string]string{
		bus.AttributeReason: "terminal: no warrant", bus.AttributeOutcome: string(bus.Refused),
		bus.AttributeType: "Probe", bus.AttributeEventID: r.Probe(t, 1).Detail.ID,
		bus.AttributeReceiveCount: "1", bus.AttributeSourceQueue: r.Bus,
	} {
		if got := attribute(m, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if _, err := time.Parse(time.RFC3339, attribute(m, bus.AttributeParkedAt)); err != nil {
		t.Error(err)
	}
	stop()
	r.Empty(t)
}

// limitIsExact is I15: neither sooner nor later, and by us, not by the queue's
// own redrive policy, which knows no reason.
func limitIsExact(t *testing.T, r *Rig) {
	c := collect(func(event.Typed[Probe]) error { return errProbe })
	_, stop := r.Start(t, r.Config(), c.handle)
	r.Publish(t, 1)
	c.next(t, MaxReceive)
	m := r.Parked(t, 1)[0]
	if attribute(m, bus.AttributeOutcome) != string(bus.Limit) || attribute(m, bus.AttributeReceiveCount) != strconv.Itoa(MaxReceive) {
		t.Errorf("parked as %q after %s receives", attribute(m, bus.AttributeOutcome), attribute(m, bus.AttributeReceiveCount))
	}
	c.quiet(t, 10*time.Second)
	stop()
	r.Empty(t)
}

func poisonStopsNobody(t *testing.T, r *Rig) {
	c := collect(func(e event.Typed[Probe]) error {
		if e.Data.N%2 == 1 {
			panic("poison")
		}
		return nil
	})
	_, stop := r.Start(t, r.Config(), c.handle)
	r.send(t, "not json")
	r.Publish(t, numbers(10)...)
	c.next(t, 5+5*MaxReceive)
	outcomes := map[string]int{}
	for _, m := range r.Parked(t, 6) {
		outcomes[attribute(m, bus.AttributeOutcome)]++
	}
	if outcomes[string(bus.Limit)] != 5 || outcomes[string(bus.Malformed)] != 1 {
		t.Errorf("parked: %v", outcomes)
	}
	stop()
	r.Empty(t)
}

// send puts a message into the queue past the bus.
func (r *Rig) send(t testing.TB, body string) {
	t.Helper()
	_, err := r.SQS.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(r.QueueURL), MessageBody: aws.String(body)})
	ok(t, err)
}

// outcomes counts a poller's outcomes by reason.
func outcomes(t testing.TB, reader *sdkmetric.ManualReader) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	ok(t, reader.Collect(context.Background(), &all))
	out := map[string]int64{}
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			if m.Name != "powerpole.bus.outcomes" {
				continue
			}
			for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
				reason, _ := p.Attributes.Value("outcome")
				out[reason.AsString()] += p.Value
			}
		}
	}
	return out
}

// skipped runs a poller until the queue is empty, and checks that everything
// had that one outcome and no handler ran.
func (r *Rig) skipped(t testing.TB, reason bus.Reason, n int64) {
	t.Helper()
	reader := sdkmetric.NewManualReader()
	config := r.Config()
	config.Meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	c := collect(nil)
	_, stop := r.Start(t, config, c.handle)
	r.Empty(t)
	c.quiet(t, 5*time.Second)
	stop()
	got := outcomes(t, reader)
	if len(got) != 1 || got[string(reason)] != n {
		t.Errorf("outcomes are %v, want %d %s", got, n, reason)
	}
}

// strangersAreAcknowledged is I14.
func strangersAreAcknowledged(t *testing.T, r *Rig) {
	out, err := r.EventBridge.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{
		EventBusName: aws.String(r.Bus), Source: aws.String(string(r.Source)),
		DetailType: aws.String("Stranger"), Detail: aws.String(`{"instance-id":"i-1"}`),
	}}})
	ok(t, err)
	if out.FailedEntryCount != 0 {
		t.Fatalf("the bus refused it: %s", *out.Entries[0].ErrorCode)
	}
	r.awaitVisible(t)
	r.skipped(t, bus.Unknown, 1)
}

// awaitVisible waits until a message is in the queue, without receiving it.
func (r *Rig) awaitVisible(t testing.TB) {
	t.Helper()
	for range 60 {
		if r.attributes(t, r.QueueURL, types.QueueAttributeNameApproximateNumberOfMessages)["ApproximateNumberOfMessages"] != "0" {
			return
		}
		time.Sleep(time.Second)
	}
	t.Fatal("nothing reached the queue")
}

func replaysAreDropped(t *testing.T, r *Rig) {
	r.send(t, `{"id":"1","source":"powerpole.intake","detail-type":"Probe","replay-name":"r",`+
		`"detail":{"id":"x","version":1,"occurred_at":"2026-11-24T10:00:00Z","data":{"n":1}}}`)
	r.awaitVisible(t)
	r.skipped(t, bus.Replayed, 1)
}

func newerVersionWaits(t *testing.T, r *Rig) {
	r.send(t, `{"id":"1","source":"powerpole.intake","detail-type":"Probe",`+
		`"detail":{"id":"x","version":2,"occurred_at":"2026-11-24T10:00:00Z","data":{"n":1}}}`)
	c := collect(nil)
	s, stop := r.Start(t, r.Config(), c.handle)
	c.quiet(t, 10*time.Second)
	stop()
	if s.Deleted("") != 0 || len(s.Received()) != 1 {
		t.Errorf("received %v, %d deleted", s.Received(), s.Deleted(""))
	}
	left := r.attributes(t, r.QueueURL, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible)
	if left["ApproximateNumberOfMessagesNotVisible"] != "1" {
		t.Errorf("waiting: %v", left)
	}
}

func shutdownGivesBack(t *testing.T, r *Rig) {
	begun, finish := make(chan struct{}), make(chan struct{})
	c := collect(func(event.Typed[Probe]) error {
		close(begun)
		<-finish
		return nil
	})
	config := r.Config()
	config.Workers, config.Pollers, config.Visibility = 1, 1, time.Hour
	r.Publish(t, numbers(5)...)
	_, stop := r.Start(t, config, c.handle)
	<-begun
	go close(finish)
	stop()
	handled := len(c.seen)
	if got := r.receive(t, r.QueueURL, 5-handled); handled != 1 {
		t.Errorf("%d were handled after the service was told to stop, %d were given back", handled, len(got))
	}
}

func lambdaDoesTheSame(t *testing.T, r *Rig) {
	h, err := bus.Lambda(r.SQS, r.Router(t, func(_ context.Context, e event.Typed[Probe]) error {
		switch e.Data.N {
		case 1:
			return bus.Later(4*time.Second, errProbe)
		case 2:
			return bus.Terminal(errProbe)
		default:
			return nil
		}
	}), lambdaConfig(r))
	ok(t, err)
	r.Publish(t, 0, 1, 2)
	var batch events.SQSEvent
	for _, m := range r.receive(t, r.QueueURL, 3) {
		batch.Records = append(batch.Records, events.SQSMessage{
			MessageId: *m.MessageId, ReceiptHandle: *m.ReceiptHandle, Body: *m.Body, Attributes: m.Attributes,
			EventSource: "aws:sqs", EventSourceARN: r.arn(t, r.QueueURL),
		})
	}
	begin := time.Now()
	response, err := h(t.Context(), batch)
	ok(t, err)
	r.Parked(t, 1)
	if len(response.BatchItemFailures) != 1 {
		t.Fatalf("failed: %v", response.BatchItemFailures)
	}
	again := r.receive(t, r.QueueURL, 1)[0]
	if waited := time.Since(begin); *again.MessageId != response.BatchItemFailures[0].ItemIdentifier || waited < 3900*time.Millisecond {
		t.Errorf("%s came back after %s", *again.MessageId, waited)
	}
}

func lambdaConfig(r *Rig) bus.Config {
	c := r.Config()
	c.Visibility, c.Timeout = 45*time.Second, 30*time.Second
	return c
}
