package aws

import (
	"context"

	"github.com/powerpole/powerpole/deploy/local/aws/sqs"
)

// Parcel is a message on its way from EventBridge or Scheduler to a queue.
type Parcel struct {
	// QueueARN is where it goes.
	QueueARN string
	// Body and Attributes are the message.
	Body       string
	Attributes map[string]string
	// Schedule says that a schedule sent it, not a rule.
	Schedule bool
}

// courier takes parcels to the queues, by way of whoever wants to have them.
type courier struct {
	queues   *sqs.Server
	carry    func(p Parcel, deliver func() error) error
	schedule bool
}

// Deliver gives a message to the queue. Its error is a *wire.Error.
func (c courier) Deliver(ctx context.Context, queueARN, body string, attributes map[string]string) error {
	deliver := func() error { return c.queues.Deliver(ctx, queueARN, body, attributes) }
	if c.carry == nil {
		return deliver()
	}
	return c.carry(Parcel{QueueARN: queueARN, Body: body, Attributes: attributes, Schedule: c.schedule}, deliver)
}
