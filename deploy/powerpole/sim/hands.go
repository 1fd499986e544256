package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// hands are the messages that processes work on, and the calls that they make
// for them.
type hands struct {
	world *world

	mu sync.Mutex
	// calls are those on their way now.
	calls map[string]bool
	// held are the messages that a process was given and has said nothing about
	// since, by process and id; receipts are their newest handles.
	held     map[string]time.Duration
	receipts map[string]string
	// about is what each message is about, by its newest handle; parked are those
	// of a service that it gave up, taken those that it did.
	about         map[string]string
	parked, taken map[string]bool
}

func newHands(w *world) *hands {
	return &hands{
		world: w, calls: map[string]bool{}, held: map[string]time.Duration{}, receipts: map[string]string{},
		about: map[string]string{}, parked: map[string]bool{}, taken: map[string]bool{},
	}
}

// claimed are effects that a service has only while it holds the claim on what
// they are about. A schedule is deleted by sweeps too, which hold none.
var claimed = []string{
	"ec2 RunInstances", "ec2 TerminateInstances", "secretsmanager CreateSecret", "secretsmanager PutSecretValue", "secretsmanager DeleteSecret",
	"scheduler POST", "slack chat.update",
}

// call notes that a call begins, and returns what notes its end. A message is
// handled by one handler at a time, so no call is made twice at once for it, and
// a claim is held by one of them, so neither is what it is for: S6.
func (h *hands) call(c call) func() {
	switch c.op {
	case "sqs DeleteMessageBatch", "sqs ChangeMessageVisibilityBatch":
		h.letGo(c)
	case "sqs SendMessage":
		h.park(c)
	}
	if c.message == "" || c.about == adminSecret {
		return func() {} // a sweep needs the administrator for many requests at once
	}
	handled := h.begin(c.key("")+string(c.body), func() {
		h.world.checks.fail("S6", "%s handles one message twice at once, with %s %s", c.process.name, c.op, c.about)
	})
	if !slices.Contains(claimed, c.op) {
		return handled
	}
	had := h.begin(c.process.name+" "+c.op+" "+c.about, func() {
		h.world.checks.fail("S6", "%s does %s %s for two messages at once", c.process.name, c.op, c.about)
	})
	return func() { handled(); had() }
}

// begin notes that something begins, and returns what notes its end. twice is
// called where it goes on already.
func (h *hands) begin(key string, twice func()) (end func()) {
	h.mu.Lock()
	already := h.calls[key]
	h.calls[key] = true
	h.mu.Unlock()
	if already {
		twice()
	}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.calls, key)
	}
}

// letGo notes that a process says something about messages: that they are done,
// or how long it is still to have them.
func (h *hands) letGo(c call) {
	var in struct {
		Entries []struct{ ReceiptHandle string }
	}
	if json.Unmarshal(c.body, &in) != nil {
		return
	}
	for _, e := range in.Entries {
		h.mu.Lock()
		delete(h.held, h.receipts[e.ReceiptHandle])
		about, done := h.about[e.ReceiptHandle], c.op == "sqs DeleteMessageBatch"
		key := c.process.name + " " + about
		if done = done && !h.parked[key]; done {
			h.taken[key] = true
		}
		h.mu.Unlock()
		if request, ok := strings.CutPrefix(about, "Expired "); ok && done {
			h.world.checks.answered(c.process.name, request)
		}
	}
}

// park notes that a service gives a message up.
func (h *hands) park(c call) {
	var in struct{ MessageBody string }
	if json.Unmarshal(c.body, &in) != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.parked[c.process.name+" "+topic(in.MessageBody)] = true
}

// heard says that a service has done what a message of that type about the
// request asks for.
func (h *hands) heard(service, kind, request string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.taken[service+" "+kind+" "+request]
}

// topic is what a message is about, "" where it is of a replay.
func topic(body string) string {
	if strings.Contains(body, `"replay-name"`) {
		return ""
	}
	return between([]byte(body), `"detail-type":"`, `"`) + " " + between([]byte(body), `"request_id":"`, `"`)
}

func (h *hands) forget(key string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.held, key)
}

// received is given what a process is given. What it has in hand it must not be
// given again, unless SQS does that by itself or would not listen: S6.
func (p *process) received(resp *http.Response, c call, f fate) (*http.Response, error) {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var in struct {
		Messages []struct{ MessageID, ReceiptHandle, Body string }
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	h := p.world.hands
	for _, m := range in.Messages {
		key := p.name + "/" + strconv.Itoa(p.life) + " " + m.MessageID
		h.mu.Lock()
		since, held := h.held[key]
		h.held[key], h.receipts[m.ReceiptHandle] = p.world.elapsed(), key
		h.about[m.ReceiptHandle] = topic(m.Body)
		h.mu.Unlock()
		if held && !p.world.faults.troubled(p.name, since) {
			p.world.checks.fail("S6", "%s was given a message again that it had in hand for %s", p.name, (p.world.elapsed() - since).Round(time.Second))
		}
		if f.kind == Again {
			h.forget(key)
			if err := p.world.giveAgain(p.alive, c, m.ReceiptHandle); err != nil {
				return nil, err
			}
		}
	}
	return resp, nil
}

// giveAgain makes SQS show a message once more that somebody has just been given,
// as it may at any time.
func (w *world) giveAgain(ctx context.Context, c call, receipt string) error {
	_, err := sqs.NewFromConfig(w.stack.Config()).ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: aws.String(between(c.body, `"QueueUrl":"`, `"`)), ReceiptHandle: &receipt,
	})
	return err
}

// troubled says that something was wrong, since then, with the way of a service
// to its queue.
func (f *faults) troubled(service string, since time.Duration) bool {
	for _, fired := range f.fired {
		queue := strings.HasPrefix(fired.What, "sqs ") && fired.Fault.Where == service || fired.Fault.Where == "sqs"
		if queue && fired.to >= since {
			return true
		}
	}
	return false
}
