// Package dlq is where an operator reads dead letters, sends them on or drops
// them: one reader for all who write them.
package dlq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/powerpole/powerpole/pkg/topology"
)

// Errors of a command on one letter.
var (
	// ErrNotFound means that no dead-letter queue showed the letter.
	ErrNotFound = errors.New("no such dead letter, or somebody else holds it just now")
	// ErrRefused means that a redrive needs force.
	ErrRefused = errors.New("redrive refused")
)

// Queues is the part of SQS that is needed.
type Queues interface {
	GetQueueUrl(context.Context, *sqs.GetQueueUrlInput, ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error)
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
	DeleteMessage(context.Context, *sqs.DeleteMessageInput, ...func(*sqs.Options)) (*sqs.DeleteMessageOutput, error)
}

// Requests knows how a request stands.
type Requests interface {
	// Ended says how the request ended, empty where it has not.
	Ended(ctx context.Context, id string) (string, error)
}

// Desk works on the dead-letter queues of the topology.
type Desk struct {
	queues   Queues
	requests Requests
}

// New returns a desk.
func New(queues Queues, requests Requests) *Desk { return &Desk{queues, requests} }

// Choice narrows what is looked at. Zero values choose everything but Limit,
// which is the most letters that are taken from one queue.
type Choice struct {
	Queue   string
	Request string
	Limit   int
}

// List reads dead letters, by queue and then from the oldest on, and gives them
// back. more says that a queue has more than the limit. A queue that cannot be
// read is in the error; the letters of the others are there all the same.
func (d *Desk) List(ctx context.Context, c Choice) (letters []Letter, more bool, err error) {
	chosen, err := services(c.Queue)
	if err != nil {
		return nil, false, err
	}
	var errs []error
	ended := map[string]string{}
	for _, s := range chosen {
		h, err := d.hold(ctx, s.DeadQueue(), "", c.Limit)
		errs = append(errs, err, d.release(ctx, h, ""))
		more = more || h.more
		for _, l := range sorted(h.messages, s) {
			if c.Request == "" || l.RequestID == c.Request {
				letters = append(letters, d.judge(ctx, l, ended))
			}
		}
	}
	return letters, more, errors.Join(errs...)
}

func sorted(messages []types.Message, s topology.Service) []Letter {
	letters := make([]Letter, len(messages))
	for i, m := range messages {
		letters[i] = read(m, s)
	}
	slices.SortFunc(letters, func(a, b Letter) int {
		return cmp.Or(a.SentAt.Compare(b.SentAt), cmp.Compare(a.ID, b.ID))
	})
	return letters
}

// judge says whether a redrive is refused; known remembers it by request. Not
// knowing is a refusal.
func (d *Desk) judge(ctx context.Context, l Letter, known map[string]string) Letter {
	if l.Refused != "" || l.RequestID == "" {
		return l
	}
	why, ok := known[l.RequestID]
	if !ok {
		switch how, err := d.requests.Ended(ctx, l.RequestID); {
		case err != nil:
			why = "whether its request has ended cannot be told: " + err.Error()
		case how != "":
			why = "its request has ended: " + how
		}
		known[l.RequestID] = why
	}
	l.Refused = why
	return l
}

// find is the letter of that id, held with others of its queue.
func (d *Desk) find(ctx context.Context, c Choice, id string) (Letter, held, types.Message, error) {
	chosen, err := services(c.Queue)
	if err != nil {
		return Letter{}, held{}, types.Message{}, err
	}
	for _, s := range chosen {
		h, err := d.hold(ctx, s.DeadQueue(), id, c.Limit)
		i := slices.IndexFunc(h.messages, func(m types.Message) bool { return aws.ToString(m.MessageId) == id })
		if err == nil && i >= 0 {
			return d.judge(ctx, read(h.messages[i], s), map[string]string{}), h, h.messages[i], nil
		}
		if err := errors.Join(err, d.release(ctx, h, "")); err != nil {
			return Letter{}, held{}, types.Message{}, err
		}
	}
	return Letter{}, held{}, types.Message{}, fmt.Errorf("looking for %q: %w", id, ErrNotFound)
}

// Show reads one letter and gives it back. Its error is ErrNotFound where there
// is none.
func (d *Desk) Show(ctx context.Context, c Choice, id string) (Letter, error) {
	l, h, _, err := d.find(ctx, c, id)
	return l, errors.Join(err, d.release(ctx, h, ""))
}

// Redrive sends a letter's body to its service's own queue and then deletes the
// letter: dying in between leaves two, which handlers bear, never none. SQS's own
// move task takes only letters of the redrive policy. Its error is ErrNotFound,
// or ErrRefused without force.
func (d *Desk) Redrive(ctx context.Context, c Choice, id string, force bool) (Letter, error) {
	return d.take(ctx, c, id, func(l Letter) error {
		if l.Refused != "" && !force {
			return fmt.Errorf("%w: %s", ErrRefused, l.Refused)
		}
		out, err := d.queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &l.To})
		if err != nil {
			return fmt.Errorf("finding queue %q: %w", l.To, err)
		}
		if _, err := d.queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: out.QueueUrl, MessageBody: &l.Body}); err != nil {
			return fmt.Errorf("sending to %q: %w", l.To, err)
		}
		return nil
	})
}

// Drop deletes a letter for good and returns what it was. Its error is
// ErrNotFound where there is none.
func (d *Desk) Drop(ctx context.Context, c Choice, id string) (Letter, error) {
	return d.take(ctx, c, id, func(Letter) error { return nil })
}

// take deletes a letter once first has succeeded on it, and gives back the rest.
func (d *Desk) take(ctx context.Context, c Choice, id string, first func(Letter) error) (Letter, error) {
	l, h, m, err := d.find(ctx, c, id)
	if err != nil {
		return l, err
	}
	if err := first(l); err != nil {
		return l, errors.Join(fmt.Errorf("taking %q: %w", id, err), d.release(ctx, h, ""))
	}
	_, err = d.queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &h.url, ReceiptHandle: m.ReceiptHandle})
	if err != nil {
		return l, errors.Join(fmt.Errorf("deleting %q, which is still there: %w", id, err), d.release(ctx, h, ""))
	}
	return l, d.release(ctx, h, id)
}
