package sim

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/topology"
)

// forgery is what somebody does about a request who can reach the bus, or the
// services' queues.
type forgery func(ctx context.Context, w *world, request string) error

// forge says something on the bus in a service's name, with the best papers that
// an outsider can have: those of another request, or altered ones.
func (w *world) forge(ctx context.Context, d Deed) error {
	id := w.seen.request(reason(d.Request))
	if id == "" {
		return errNotSeen
	}
	if d.Says != nil {
		return d.Says(ctx, w, id)
	}
	switch d.Role {
	case "Approved":
		return w.say(ctx, event.Approval, id, w.forgedApproval(id))
	case "InstanceReady":
		return w.say(ctx, event.Provisioner, id, w.forgedInstance(id))
	default:
		return w.say(ctx, event.Intake, id, w.forgedClick(id))
	}
}

// forged is an event that nobody of ours said: not even its data need be such as
// we would say. What is said again has the same id.
func forged(source event.Source, id string, data event.Data) (event.Event, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return event.Event{}, err
	}
	return event.Event{Source: source, Type: data.EventType(), Detail: event.Envelope{
		Header: event.Header{
			ID: event.ID(source, data.EventType(), id, "forged "+string(raw)), RequestID: id,
			Version: data.EventVersion(), OccurredAt: time.Now().UTC().Truncate(time.Millisecond),
		},
		Data: raw,
	}}, nil
}

// say puts an event on the bus.
func (w *world) say(ctx context.Context, source event.Source, id string, data event.Data) error {
	e, err := forged(source, id, data)
	if err != nil {
		return err
	}
	return w.publish(ctx, e)
}

// publish puts an event on the bus as it is.
func (w *world) publish(ctx context.Context, e event.Event) error {
	w.seen.forge(e.Detail.ID)
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return err
	}
	_, err = eventbridge.NewFromConfig(w.stack.Config()).PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		Source: aws.String(string(e.Source)), DetailType: aws.String(e.Type), Detail: aws.String(string(detail)), EventBusName: aws.String(topology.BusName),
	}}})
	return err
}

// forgedWarrant is one that approval signed for somebody else, as it is or
// altered to be of this request.
func (w *world) forgedWarrant(id string) string {
	all, _ := gather(w.seen.all())
	for _, f := range all {
		if f.approved == nil || f.id == id {
			continue
		}
		if hash(w.gate.seed, 0, id)%2 == 0 {
			return f.approved.Warrant
		}
		return altered(f.approved.Warrant, f.id, id)
	}
	return "eyJhbGciOiJFZERTQSJ9.e30.AAAA"
}

// altered replaces one request by another in what a token (RFC 7515) says.
func altered(token, from, to string) string {
	parts := strings.Split(token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return token
	}
	parts[1] = base64.RawURLEncoding.EncodeToString(bytes.ReplaceAll(payload, []byte(from), []byte(to)))
	return strings.Join(parts, ".")
}

func (w *world) forgedApproval(id string) event.Approved {
	created, _ := last[event.RequestCreated](w.seen, id)
	now := time.Now().UTC()
	return event.Approved{
		Ask: created.Ask, Privileges: []string{"SELECT"}, Approvers: []event.Person{{Team: "T0NIMBUS", User: approvers[0], Email: "hanako.sato@nimbus.example"}},
		PolicyHash: "forged", StartBy: now.Add(10 * time.Minute), EndBy: now.Add(2 * time.Hour), Warrant: w.forgedWarrant(id),
	}
}

func (w *world) forgedInstance(id string) event.InstanceReady {
	ready := event.InstanceReady{
		InstanceID: w.foreignInstance, PrivateIP: netip.MustParseAddr("127.77.0.4"), Region: "us-east-1",
		SessionURL: "https://example.com", Warrant: w.forgedWarrant(id),
	}
	if i, ok := w.stack.EC2.Instance(w.foreignInstance); ok {
		ready.PrivateIP = i.PrivateIP
	}
	return ready
}

// forgedClick is an approver's, with the slip of another click.
func (w *world) forgedClick(id string) event.ActionSubmitted {
	created, _ := last[event.RequestCreated](w.seen, id)
	click := event.ActionSubmitted{
		Action: event.Approve, By: event.Person{Team: "T0NIMBUS", User: approvers[0], Email: "hanako.sato@nimbus.example"},
		Message: event.Message{Channel: channel, TS: "1.000001"}, Digest: created.Digest, ActionTS: "1.000001", Slip: created.Slip,
	}
	for _, e := range w.seen.all() {
		if other, err := as[event.ActionSubmitted](e.Event); err == nil && e.Type == other.EventType() && e.Detail.RequestID != id && other.By.User == approvers[0] {
			click.Slip = other.Slip
		}
	}
	return click
}
