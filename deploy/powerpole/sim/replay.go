package sim

import (
	"context"
	"strings"
	"time"

	"github.com/powerpole/powerpole/pkg/topology"
)

// replayAll checks S8 when everything is over: the archive is replayed, and, as
// if the rules that keep replays out were wrong, put into the services' queues
// as well. Nobody may do anything but take the messages out.
func (w *world) replayAll(ctx context.Context) {
	const period, after, phase = 5 * time.Minute, 2 * time.Minute, time.Minute
	time.Sleep((period + after - w.elapsed()%period) % period) // no sweep comes by
	w.faults.replaying.Store(true)
	w.note("replay at the end", w.replay(ctx, "at-the-end"))
	for _, e := range w.seen.all() {
		if e.replay {
			continue
		}
		for _, s := range topology.Services() {
			if s.Queue() == "" || !consumes(s, e) {
				continue
			}
			body := strings.Replace(e.json, "{", `{"replay-name":"misrouted",`, 1)
			if err := w.deliver(ctx, s.Queue(), body); err != nil {
				w.note("replay into "+s.Queue(), err)
			}
		}
	}
	time.Sleep(phase)
	w.faults.replaying.Store(false)
	for _, op := range w.faults.whileReplaying() {
		w.checks.fail("S8", "%s was called for what was replayed", op)
	}
}

// deliver puts a message into a queue when the gate says so, as the bus does:
// how many are there when somebody receives is then the same in every run.
func (w *world) deliver(ctx context.Context, queue, body string) error {
	s := stop{key: "post " + queue + " by hand", tie: func() string { return body }, dead: ctx, effect: true}
	if err := w.gate.pass(ctx, s); err != nil {
		return err
	}
	return w.stack.SQS.Deliver(ctx, "arn:aws:sqs:us-east-1:000000000000:"+queue, body, nil)
}

func consumes(s topology.Service, e passed) bool {
	for _, c := range s.Consumes {
		if c.Source == e.Source && c.Type == e.Type {
			return true
		}
	}
	return false
}
