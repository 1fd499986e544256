package dlq

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/topology"
)

// Shape says who put a dead letter where it is.
type Shape string

// The shapes of dead letters.
const (
	// Parked is ours, with its reason (pkg/bus).
	Parked Shape = "parked"
	// Overflowed was moved by SQS's redrive policy: no handler lived to say why.
	Overflowed Shape = "overflowed"
	// Undelivered is EventBridge's: the rule's target did not take it.
	// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
	Undelivered Shape = "undelivered"
	// Unscheduled is EventBridge Scheduler's: the schedule's target did not take it.
	// https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
	Unscheduled Shape = "unscheduled"
	// Foreign is none of these: somebody sent it there by hand.
	Foreign Shape = "foreign"
)

// Letter is one dead letter. All its text is as found, and may be hostile:
// print it with Printable.
type Letter struct {
	// ID is SQS's message id, the handle of every command.
	ID    string `json:"id"`
	Queue string `json:"queue"`
	Shape Shape  `json:"shape"`
	// Reason is why it is here, in one line.
	Reason string `json:"reason"`
	// SentAt is when it was first sent: SQS's redrive policy keeps that of the
	// service's queue.
	SentAt   time.Time `json:"sent_at"`
	Receives int       `json:"receives"`
	// Kind is the event's source, type and version, empty where the body is no
	// event.
	Kind      string `json:"kind,omitempty"`
	EventID   string `json:"event_id,omitempty"`
	RequestID string `json:"request_id,omitempty"`
	// To is the queue that a redrive sends it to.
	To string `json:"redrive_to"`
	// Refused is why a redrive needs force, empty where it does not.
	Refused string `json:"redrive_refused,omitempty"`
	// Body is what a redrive would send.
	Body       string            `json:"body"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

// read is the one reader of all shapes. Where a redrive goes is the topology's
// to say, never the letter's.
func read(m types.Message, s topology.Service) Letter {
	l := Letter{
		ID: aws.ToString(m.MessageId), Queue: s.DeadQueue(), To: s.Queue(), Body: aws.ToString(m.Body),
		SentAt: millis(m.Attributes["SentTimestamp"]), Attributes: texts(m.MessageAttributes),
	}
	l.Receives, _ = strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
	l.Shape = shape(l.Attributes, m.Attributes)
	if l.Shape == Unscheduled {
		l.Body = unwrapped(l.Body)
	}
	l.identify()
	l.Reason = l.reason()
	if l.Attributes["IS_PAYLOAD_TRUNCATED"] == "true" {
		l.Refused = "the scheduler cut its body"
	}
	return l
}

func shape(attributes, system map[string]string) Shape {
	has := func(name string) bool { _, ok := attributes[name]; return ok }
	switch {
	case has(bus.AttributeOutcome):
		return Parked
	case has("SCHEDULE_ARN"):
		return Unscheduled
	case has("RULE_ARN"):
		return Undelivered
	case system["DeadLetterQueueSourceArn"] != "":
		return Overflowed
	}
	return Foreign
}

func (l *Letter) reason() string {
	a := l.Attributes
	switch l.Shape {
	case Parked:
		return a[bus.AttributeOutcome] + ": " + a[bus.AttributeReason]
	case Overflowed:
		return fmt.Sprintf("the service ended %d times without an answer", l.Receives)
	case Undelivered, Unscheduled:
		return cmp.Or(a["EXHAUSTED_RETRY_CONDITION"], "not retried") + ": " + a["ERROR_CODE"] + ": " + a["ERROR_MESSAGE"]
	}
	return "nothing says why it is here"
}

// identify takes what the body says, or else what the service noted. The body of
// AWS's own event is no envelope: it has no request and no version.
func (l *Letter) identify() {
	var e struct {
		ID     string `json:"id"`
		Source string `json:"source"`
		Type   string `json:"detail-type"`
		Detail struct {
			ID        string `json:"id"`
			RequestID string `json:"request_id"`
			Version   int    `json:"version"`
		} `json:"detail"`
	}
	if json.Unmarshal([]byte(l.Body), &e) == nil && e.Type != "" {
		l.Kind = e.Source + " " + e.Type
		if e.Detail.Version > 0 {
			l.Kind += fmt.Sprintf(" v%d", e.Detail.Version)
		}
	}
	l.EventID = cmp.Or(e.Detail.ID, e.ID, known(l.Attributes[bus.AttributeEventID]))
	l.RequestID = cmp.Or(e.Detail.RequestID, known(l.Attributes[bus.AttributeRequestID]))
}

// known is a parked letter's attribute, empty where the service had none to note.
func known(s string) string {
	if s == "unknown" {
		return ""
	}
	return s
}

// unwrapped is what the schedule meant to send. AWS documents the body as the
// request that failed, for a queue that of SendMessage.
func unwrapped(body string) string {
	var call struct {
		MessageBody string
		QueueURL    string `json:"QueueUrl"`
	}
	if json.Unmarshal([]byte(body), &call) == nil && call.MessageBody != "" && call.QueueURL != "" {
		return call.MessageBody
	}
	return body
}

func texts(attributes map[string]types.MessageAttributeValue) map[string]string {
	out := make(map[string]string, len(attributes))
	for name, v := range attributes {
		out[name] = aws.ToString(v.StringValue)
	}
	return out
}

func millis(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}
