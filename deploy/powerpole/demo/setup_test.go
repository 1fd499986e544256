package demo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	localaws "github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/services/intake"
)

// The people and the channel of the tests.
const (
	taro    = "U0TARO"
	hanako  = "U0HANAKO"
	channel = "C0SHOPDB"
)

// world is a running demo with an instant EC2.
type world struct {
	*demo.Demo
	t     *testing.T
	lines *lockedBuffer
	calls *counter
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, lines: &lockedBuffer{}, calls: &counter{n: map[string]int{}, more: make(chan struct{}, 1)}}
	d, err := demo.New(t.Context(), demo.Options{
		Addresses: demo.FreeAddresses(),
		Log:       slog.New(slog.NewJSONHandler(w.lines, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observe:   w.calls.add,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Demo = d
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- d.Run(ctx, func() { close(ready) }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("running: %v", err)
		}
		if err := d.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	select {
	case <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	return w
}

// await waits until ok, looking again whenever something changes in Slack or a
// service has called AWS.
func (w *world) await(what string, ok func() bool) {
	w.t.Helper()
	changed, stop := w.Slack.Subscribe()
	defer stop()
	limit := time.After(time.Minute)
	for !ok() {
		select {
		case <-changed:
		case <-w.calls.more:
		case <-limit:
			w.t.Fatalf("waiting for %s: the direct message is %s; there is %q", what, w.direct(), w.left())
		}
	}
}

// ask requests READ on shop and returns the request's id.
func (w *world) ask(duration string) string {
	w.t.Helper()
	ctx := w.t.Context()
	if _, err := w.Slack.SlashCommand(ctx, taro, channel, "/powerpole", ""); err != nil {
		w.t.Fatal(err)
	}
	var view struct{ ID string }
	w.await("the modal", func() bool {
		raw := w.Slack.OpenView(taro)
		return raw != nil && json.Unmarshal(raw, &view) == nil
	})
	answer, err := w.Slack.SubmitView(ctx, taro, view.ID, map[string]any{
		intake.DatabasesAction: []string{"shop"}, intake.RoleAction: "READ", intake.DurationAction: duration,
		intake.ReasonAction: "look at order 7",
	})
	if err != nil || len(answer.Errors) > 0 {
		w.t.Fatal(answer.Errors, err)
	}
	var v slackui.ButtonValue
	w.await("the approvers' message", func() bool {
		_, value := w.button(hanako, channel, event.Approve)
		v, err = slackui.ParseButtonValue(value)
		return err == nil
	})
	return v.RequestID
}

// button finds the newest message with a button for that action.
func (w *world) button(user, in string, a event.Action) (ts, value string) {
	messages := w.Slack.Messages(user, in)
	for i := len(messages) - 1; i >= 0; i-- {
		var blocks []struct {
			Elements []struct {
				ActionID string `json:"action_id"`
				Value    string `json:"value"`
			} `json:"elements"`
		}
		if json.Unmarshal(messages[i].Blocks, &blocks) != nil {
			continue
		}
		for _, b := range blocks {
			for _, e := range b.Elements {
				if e.ActionID == slackui.ActionID(a) {
					return messages[i].TS, e.Value
				}
			}
		}
	}
	return "", ""
}

// settle waits until no message is in any queue.
func (w *world) settle() {
	w.t.Helper()
	w.await("every queue to be empty", func() bool {
		for _, q := range w.AWS.SQS.Queues() {
			if q.Visible+q.InFlight+q.Delayed > 0 {
				return false
			}
		}
		return true
	})
}

func (w *world) click(user, in string, a event.Action) {
	w.t.Helper()
	ts, value := w.button(user, in, a)
	if err := w.Slack.ClickButton(w.t.Context(), user, in, ts, slackui.ActionID(a), value); err != nil {
		w.t.Fatalf("clicking %s: %v", a, err)
	}
}

// direct is the requester's direct message, as JSON.
func (w *world) direct() string {
	messages := w.Slack.Messages(taro, w.Slack.DirectMessage(taro))
	if len(messages) == 0 {
		return ""
	}
	last := messages[len(messages)-1]
	return last.Text + string(last.Blocks)
}

// ready waits until the direct message has credentials.
func (w *world) ready() {
	w.t.Helper()
	w.await("the credentials", func() bool { return strings.Contains(w.direct(), `"block_id":"credentials"`) })
}

// said returns the newest event of that type about the request.
func said[T event.Data](w *world, id string) (data T, ok bool) {
	recent := w.AWS.EventBridge.Recent(1000)
	for i := len(recent) - 1; i >= 0; i-- {
		e, err := event.Parse([]byte(recent[i].JSON))
		if err == nil && e.Type == data.EventType() && e.Detail.RequestID == id {
			return data, json.Unmarshal(e.Detail.Data, &data) == nil
		}
	}
	return data, false
}

// nothingLeft waits until nothing of any request is there any more.
func (w *world) nothingLeft() {
	w.t.Helper()
	w.await("nothing to be left", func() bool { return len(w.left()) == 0 })
}

// left names what is still there of any request.
func (w *world) left() (left []string) {
	for _, i := range w.AWS.EC2.Instances() {
		if i.State != "terminated" {
			left = append(left, "instance "+i.ID)
		}
	}
	for _, s := range w.AWS.Scheduler.Schedules() {
		if s.Group == topology.ScheduleGroup { // the sweeps' are of another, and stay
			left = append(left, "schedule "+s.Name)
		}
	}
	for _, s := range w.AWS.SecretsManager.Secrets() {
		if strings.HasPrefix(s.Name, credential.Prefix) {
			left = append(left, "secret "+s.Name)
		}
	}
	for _, q := range w.AWS.SQS.Queues() {
		if strings.HasSuffix(q.Name, topology.DeadSuffix) {
			left = append(left, w.AWS.SQS.Peek(q.Name, 10)...)
		}
	}
	return left
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// counter counts the calls to AWS by operation.
type counter struct {
	mu   sync.Mutex
	n    map[string]int
	more chan struct{}
}

func (c *counter) add(call localaws.Call) {
	c.mu.Lock()
	c.n[call.Service+" "+call.Operation]++
	c.mu.Unlock()
	select {
	case c.more <- struct{}{}:
	default:
	}
}

func (c *counter) snapshot() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]int{}
	for k, v := range c.n {
		out[k] = v
	}
	return out
}
