// Package asyncapi writes PowerPole's events down as an AsyncAPI 3 document,
// from the registry that decodes them: what it says is what is done.
package asyncapi

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/powerpole/powerpole/pkg/event"
)

// object is a JSON object; encoding/json sorts its names.
type object map[string]any

const (
	busChannel = "bus"
	awsChannel = "aws"
)

// Write returns the document (https://www.asyncapi.com/docs/reference/specification/v3.0.0)
// of everything that the registry knows, indented. Descriptions are the doc
// comments of the Go files in source, the folder of package event.
func Write(r *event.Registry, source string) ([]byte, error) {
	comments, err := readComments(source)
	if err != nil {
		return nil, err
	}
	d := &document{
		schemas: newSchemas(comments), messages: object{}, channels: map[string]*channel{}, operations: object{},
	}
	for _, e := range r.Entries() {
		d.add(e)
	}
	b, err := json.MarshalIndent(d.object(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the AsyncAPI document: %w", err)
	}
	return append(b, '\n'), nil
}

type document struct {
	schemas    *schemas
	messages   object
	channels   map[string]*channel
	operations object
}

// channel is the bus or a queue, with the messages that go through it.
type channel struct {
	address, description string
	messages             object
}

func (d *document) object() object {
	channels := object{}
	for name, c := range d.channels {
		channels[name] = object{"address": c.address, "description": c.description, "messages": c.messages}
	}
	return object{
		"asyncapi": "3.0.0",
		"info": object{
			"title": "PowerPole", "version": "1",
			"description": "Every event that passes PowerPole's bus, and what the scheduler puts into a service's own queue.",
			"license":     object{"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
		},
		"defaultContentType": "application/json",
		"channels":           channels,
		"operations":         d.operations,
		"components":         object{"messages": d.messages, "schemas": d.schemas.all},
	}
}

func (d *document) add(e event.Entry) {
	name := fmt.Sprintf("%s.v%d", strings.ReplaceAll(e.Kind.Type, " ", "-"), e.Kind.Version)
	d.messages[name] = d.message(e)
	channelName, action, operation := place(e)
	c := d.channel(channelName)
	c.messages[name] = ref("components", "messages", name)
	op, ok := d.operations[operation].(object)
	if !ok {
		op = object{"action": action, "channel": ref("channels", channelName), "messages": []object{}}
		d.operations[operation] = op
	}
	op["messages"] = append(op["messages"].([]object), ref("channels", channelName, "messages", name))
}

// place says where a kind goes, whether PowerPole sends or receives it there,
// and as what operation.
func place(e event.Entry) (channel, action, operation string) {
	_, service, _ := strings.Cut(string(e.Kind.Source), ".")
	switch {
	case e.Private:
		return "queue." + service, "send", service + ".schedule"
	case isAWS(e.Kind.Source):
		return awsChannel, "receive", service + ".receive"
	default:
		return busChannel, "send", service + ".send"
	}
}

func (d *document) channel(name string) *channel {
	if c, ok := d.channels[name]; ok {
		return c
	}
	c := &channel{messages: object{}}
	switch service, private := strings.CutPrefix(name, "queue."); {
	case private:
		c.address = "powerpole-" + service
		c.description = "The SQS queue of " + service + ", as its own schedules fill it. Nobody else sends there."
	case name == awsChannel:
		c.address, c.description = "default", "The account's default EventBridge bus, for events of AWS itself."
	default:
		c.address, c.description = "powerpole", "The EventBridge bus through which all services talk."
	}
	d.channels[name] = c
	return c
}

// message is a kind's `source`, `detail-type` and `detail`. One of AWS has no
// envelope. A type that several may send is one message.
func (d *document) message(e event.Entry) object {
	data := d.schemas.of(e.Go)
	detail := data
	if !isAWS(e.Kind.Source) {
		detail = object{"allOf": []object{d.envelope(), {
			"type":       "object",
			"properties": object{"version": object{"const": e.Kind.Version}, "data": data},
			"required":   envelopeNeeds(e),
		}}}
	}
	return object{
		"name": e.Kind.Type, "title": e.Kind.Type, "summary": e.Summary, "description": d.schemas.comments.types[e.Go.Name()],
		"contentType": "application/json",
		"payload": object{
			"type":     "object",
			"required": []string{"source", "detail-type", "detail"},
			"properties": object{
				"source": object{"type": "string"}, "detail-type": object{"const": e.Kind.Type}, "detail": detail,
			},
		},
	}
}

func envelopeNeeds(e event.Entry) []string {
	if e.NoRequest {
		return []string{"data"}
	}
	return []string{"data", "request_id"}
}

func isAWS(s event.Source) bool { return strings.HasPrefix(string(s), "aws.") }

func ref(path ...string) object { return object{"$ref": "#/" + strings.Join(path, "/")} }
