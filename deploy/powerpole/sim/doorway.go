package sim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
)

// call is one call that leaves a process.
type call struct {
	process *process
	// op is the operation, as `dynamodb PutItem`; about says of what.
	op, about string
	// effect says that it may change something.
	effect bool
	body   []byte
	// message is that which the process is handling, where it is one.
	message string
}

func (c call) key(point string) string {
	return c.process.name + "/" + strconv.Itoa(c.process.life) + " " + c.op + " " + c.about + " " + c.message + " " + point
}

func (c call) tie() string { return canonical(c.body) }

// doorway is a process's way out over HTTP.
type doorway struct {
	process  *process
	describe func(*http.Request, []byte) call
	next     http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (d *doorway) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	c := d.describe(r, body)
	c.process, c.body, c.message = d.process, body, bus.MessageID(r.Context())
	defer d.process.world.hands.call(c)()
	fate, err := d.process.begin(r.Context(), c)
	if err != nil {
		return nil, err
	}
	if fate.refused {
		return refusal(r, c, fate)
	}
	resp, err := d.make(r, c, fate)
	if err != nil {
		return nil, err
	}
	if err := d.process.end(r.Context(), c, fate); err != nil {
		return nil, err
	}
	if c.op == "sqs ReceiveMessage" {
		return d.process.received(resp, c, fate)
	}
	return resp, nil
}

// make makes the call, with what the fate leaves of it. A call of a process that
// dies ends.
func (d *doorway) make(r *http.Request, c call, f fate) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	defer context.AfterFunc(d.process.alive, func() { cancel(errDead) })()
	defer cancel(nil)
	r = r.WithContext(ctx)
	switch {
	case f.kind == Unacked && c.op == "ec2 TerminateInstances":
		return answered(r, http.StatusOK, nil, "<TerminateInstancesResponse><requestId>sim</requestId></TerminateInstancesResponse>"), nil
	case f.kind == Unacked:
		return unacked(r, c.body)
	case f.kind == Partial && c.op == "events PutEvents":
		return partly(r, c.body, d.next)
	case c.op == "sqs ReceiveMessage":
		few := fmt.Sprintf(`"MaxNumberOfMessages":%d`, d.process.few())
		return d.next.RoundTrip(rebuilt(r, bytes.Replace(c.body, []byte(`"MaxNumberOfMessages":10`), []byte(few), 1)))
	default:
		return d.next.RoundTrip(rebuilt(r, c.body))
	}
}

// few is how many messages SQS brings, up to what was asked for: as it likes,
// but one at a time where handlers may run out of time. Two that begin at one
// moment also end at one moment then, in no order, and both draw from the same
// randomness.
func (p *process) few() uint64 {
	if p.world.faults.slowing(p.name) {
		return 1
	}
	return 1 + hash(p.world.gate.steps, 0, p.name)%9
}

// begin parks before the call and says what becomes of it.
func (p *process) begin(ctx context.Context, c call) (fate, error) {
	if err := p.pass(ctx, c, "", 0); err != nil {
		return fate{}, err
	}
	p.world.checks.misled(c)
	p.world.overheard.overhear(c)
	f := p.world.faults.of(c)
	switch f.kind {
	case Slow:
		return f, p.pass(ctx, c, "slow", f.by)
	case CrashBefore:
		p.crash(f.by)
		return f, errDead
	}
	return f, nil
}

// end parks before the answer.
func (p *process) end(ctx context.Context, c call, f fate) error {
	if err := p.pass(ctx, c, "answered", 0); err != nil {
		return err
	}
	switch f.kind {
	case CrashAfter:
		p.crash(f.by)
		return errDead
	case Lost:
		return fmt.Errorf("calling %s: %w", c.op, errLost)
	}
	return nil
}

// pass goes through the gate, unless the process is dead.
func (p *process) pass(ctx context.Context, c call, point string, wait time.Duration) error {
	if p.alive.Err() != nil {
		return errDead
	}
	s := stop{key: c.key(point), tie: c.tie, dead: p.alive, effect: c.effect && point != "answered"}
	if wait > 0 {
		s.earliest = time.Now().Add(wait)
	}
	return p.world.gate.pass(ctx, s)
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("reading a call: %w", err)
	}
	return b, r.Body.Close()
}

func rebuilt(r *http.Request, body []byte) *http.Request {
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return r
}

// answered is an answer of this text.
func answered(r *http.Request, status int, header map[string]string, body string) *http.Response {
	resp := &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
	for k, v := range header {
		resp.Header.Set(k, v)
	}
	return resp
}
