package bus

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/powerpole/powerpole/pkg/event"
)

// Attributes of a parked message. Its body is that of the original.
const (
	AttributeOutcome      = "powerpole.outcome"       // a Reason
	AttributeReason       = "powerpole.reason"        // the error's text, cleaned and cut
	AttributeSourceQueue  = "powerpole.source-queue"  // the queue's name
	AttributeType         = "powerpole.type"          // the event's detail-type
	AttributeEventID      = "powerpole.event-id"      // the event's id
	AttributeRequestID    = "powerpole.request-id"    // the request's id
	AttributeReceiveCount = "powerpole.receive-count" // a number
	AttributeParkedAt     = "powerpole.parked-at"     // RFC 3339, UTC
)

// parking sends messages to the service's dead-letter queue.
type parking struct {
	client  settleAPI
	deadURL string
	queue   string
}

// send parks a copy. Whoever calls deletes the original afterwards: dying in
// between leaves two, never none.
func (p parking) send(ctx context.Context, m message, e event.Event, v verdict) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := p.client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl:          aws.String(p.deadURL),
		MessageBody:       aws.String(m.body),
		MessageAttributes: p.attributes(m, e, v),
	})
	if err != nil {
		return fmt.Errorf("parking message %q: %s", m.id, code(err))
	}
	return nil
}

func (p parking) attributes(m message, e event.Event, v verdict) map[string]types.MessageAttributeValue {
	return map[string]types.MessageAttributeValue{
		AttributeOutcome:      text(string(v.reason), maxName),
		AttributeReason:       text(v.err.Error(), maxReason),
		AttributeSourceQueue:  text(p.queue, maxName),
		AttributeType:         text(e.Type, maxName),
		AttributeEventID:      text(e.Detail.ID, maxName),
		AttributeRequestID:    text(e.Detail.RequestID, maxName),
		AttributeReceiveCount: {DataType: aws.String("Number"), StringValue: aws.String(strconv.Itoa(m.receives))},
		AttributeParkedAt:     text(time.Now().UTC().Format(time.RFC3339), maxName),
	}
}

// text is an attribute; SQS refuses empty ones.
func text(s string, limit int) types.MessageAttributeValue {
	if s = clean(s, limit); s == "" {
		s = "unknown"
	}
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(s)}
}
