package sim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// describeAWS tells a call to AWS by its operation and what it is about.
func describeAWS(r *http.Request, body []byte) call {
	target := r.Header.Get("X-Amz-Target")
	service, op, _ := strings.Cut(target, ".")
	switch {
	case strings.HasPrefix(service, "DynamoDB"):
		about := between(body, `"TableName":"`, `"`) + " " + between(body, `"pk":{"S":"`, `"`)
		return call{op: "dynamodb " + op, about: about, effect: op == "PutItem" || op == "TransactWriteItems"}
	case service == "AmazonSQS":
		return call{op: "sqs " + op, about: path.Base(between(body, `"QueueUrl":"`, `"`)), effect: op == "SendMessage"}
	case service == "AWSEvents":
		about := between(body, `"DetailType":"`, `"`) + " " + between(body, `\"request_id\":\"`, `\"`)
		return call{op: "events " + op, about: about, effect: true}
	case service == "secretsmanager":
		return call{op: "secretsmanager " + op, about: between(body, `"SecretId":"`, `"`) + between(body, `"Name":"`, `"`), effect: op != "GetSecretValue" && op != "DescribeSecret"}
	case service == "AmazonSSM":
		return call{op: "ssm " + op, about: between(body, `"i-`, `"`), effect: op == "TerminateSession"}
	case target != "":
		return call{op: target}
	case strings.HasPrefix(r.URL.Path, "/schedule"):
		return call{op: "scheduler " + r.Method, about: path.Base(r.URL.Path), effect: r.Method != http.MethodGet}
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return call{op: r.Method + " " + r.URL.Path}
	}
	op = form.Get("Action")
	return call{op: "ec2 " + op, about: form.Get("InstanceId.1") + form.Get("ClientToken"), effect: !strings.HasPrefix(op, "Describe")}
}

// describeSlack tells a call to Slack by its method and where it goes.
func describeSlack(r *http.Request, body []byte) call {
	method := path.Base(r.URL.Path)
	c := call{op: "slack " + method, effect: strings.HasPrefix(method, "chat.") || strings.HasPrefix(method, "views.")}
	if form, err := url.ParseQuery(string(body)); err == nil {
		c.about = form.Get("channel") + form.Get("user") + form.Get("users") + " " + form.Get("ts") + form.Get("usergroup")
	}
	return c
}

// describeSQL tells a packet of MySQL's protocol by its command and, without
// anything in quotes, its statement.
func describeSQL(packet []byte) call {
	const header, query, longest = 4, 0x03, 60
	if len(packet) <= header || packet[header] != query {
		return call{op: "mysql packet"}
	}
	text, _, _ := strings.Cut(string(packet[header+1:]), "'")
	words := strings.Fields(text[:min(len(text), longest)])
	if len(words) == 0 {
		return call{op: "mysql packet"}
	}
	verb := strings.ToUpper(words[0])
	if verb == "KILL" {
		words = words[:1] // the number of a connection is of no run but this
	}
	c := call{op: "mysql " + verb, about: strings.Join(words, " ")}
	c.effect = verb != "SELECT" && verb != "SHOW" && verb != "SET"
	return c
}

// between is what stands between two marks in the text, "" where they do not.
func between(text []byte, from, to string) string {
	_, rest, ok := bytes.Cut(text, []byte(from))
	if !ok {
		return ""
	}
	found, _, _ := bytes.Cut(rest, []byte(to))
	return string(found)
}

// canonical is JSON in one order.
func canonical(body []byte) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return string(body)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return string(body)
	}
	return string(b)
}
