// Package sim runs all six services, unchanged, in one bubble of virtual time,
// with people who use them and everything that can go wrong around them, and
// checks what must always hold. One seed is one history: what happens, and in
// which order, is the same whenever it runs.
package sim

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"github.com/powerpole/powerpole/pkg/topology"
)

// Violation is something that must always hold and did not.
type Violation struct {
	// Invariant is its number in the list of invariants.
	Invariant string
	Text      string
}

// String gives number and text.
func (v Violation) String() string { return v.Invariant + ": " + v.Text }

// Result is what one history came to.
type Result struct {
	Plan       Plan
	Violations []Violation
	// Trace is a line for each decision, Log what the services logged, Told the
	// events and faults as a person can read them.
	Trace, Told []string
	Log         string
	// Outcomes are what became of each request, by its reason.
	Outcomes map[string]Outcome
	// Lasted is virtual time, Steps how often the gate let something on.
	Lasted time.Duration
	Steps  uint64
}

// Run plays a plan. dir is for the files that services read. It runs in a bubble
// of its own and may not be called in parallel with anything: randomness is the
// process's.
func Run(t *testing.T, p Plan, dir string) (r Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cryptotest.SetGlobalRandom(t, hash(p.Seed, 0, "begin"))
		reseed := func(step uint64) { cryptotest.SetGlobalRandom(t, hash(p.Seed, step, "random")) }
		w, err := newWorld(t.Context(), p, reseed, dir)
		if err != nil {
			t.Fatal(err)
		}
		r = w.live(p)
		if err := w.close(); err != nil {
			t.Errorf("closing the world of seed %d: %v", p.Seed, err)
		}
	})
	return r
}

// live plays the history to its end and checks it.
func (w *world) live(p Plan) Result {
	ctx, stop := context.WithCancel(context.Background())
	w.gate.after = w.things.look
	for _, s := range specs() {
		w.group.Go(func() { w.supervise(ctx, s) })
	}
	w.group.Go(func() { w.gate.run(ctx) })
	w.group.Go(func() { w.direct(ctx, p) })
	over := w.wait(p)
	w.checks.end(ctx)
	outcomes := w.outcomes(ctx)
	// Where everything is late on purpose, a late sweep would be taken for what a
	// replay leads to.
	if over && p.Order == 0 && hash(p.Seed, 0, "replay")%4 == 0 {
		w.replayAll(ctx)
	}
	lasted := w.elapsed()
	stop()
	w.post.close()
	w.group.Wait()
	w.post.out.Wait()
	return Result{
		Plan: p, Violations: w.checks.violations, Trace: w.trace.all(), Log: w.lines.text(), Told: w.tell(), Outcomes: outcomes, Lasted: lasted, Steps: w.gate.steps,
	}
}

// A history ends when nothing is left to happen, and at the latest when
// everything must have ended.
const (
	lookEvery = 5 * time.Minute
	atLatest  = 8 * time.Hour
)

// wait waits until the plan is played and nothing of it is left, and says whether
// it came to that.
func (w *world) wait(p Plan) bool {
	over := time.Duration(0)
	for _, d := range p.Deeds {
		over = max(over, d.At+time.Second)
	}
	for _, f := range p.Faults {
		over = max(over, f.At+f.For+time.Second)
	}
	time.Sleep(over)
	for began := time.Now(); time.Since(began) < atLatest; {
		time.Sleep(lookEvery)
		if w.quiet() {
			return true
		}
	}
	return false
}

// quiet says that every request has ended, nothing of any is there and no
// message is on its way.
func (w *world) quiet() bool {
	w.things.lookAll()
	if len(w.things.now) > 0 || !w.checks.allEnded() || w.post.late.Load() > 0 {
		return false
	}
	for _, q := range w.stack.SQS.Queues() {
		dead := len(q.Name) > len(topology.DeadSuffix) && q.Name[len(q.Name)-len(topology.DeadSuffix):] == topology.DeadSuffix
		if !dead && q.Visible+q.InFlight+q.Delayed > 0 {
			return false
		}
	}
	return true
}

// again marks an event that was said before, under the same id.
const again = ", again"

// tell is the history as a person can read it.
func (w *world) tell() []string {
	var out []string
	for _, f := range w.faults.fired {
		out = append(out, fmt.Sprintf("%12s ! %s", f.from.Round(time.Second), f.Fault))
	}
	known := map[string]bool{}
	for _, e := range w.seen.all() {
		if e.replay || e.Detail.RequestID == "" {
			continue
		}
		line := fmt.Sprintf("%12s   %s %s", e.at.Sub(w.began).Round(time.Second), e.Detail.RequestID, e.title())
		if known[e.Detail.ID] {
			line += again
		}
		known[e.Detail.ID] = true
		out = append(out, line)
	}
	for _, n := range w.things.all {
		out = append(out, fmt.Sprintf("%12s + %s %s of %s", n.appeared.Sub(w.began).Round(time.Second), n.kind, n.id, n.request))
		if !n.gone.IsZero() {
			out = append(out, fmt.Sprintf("%12s - %s %s of %s", n.gone.Sub(w.began).Round(time.Second), n.kind, n.id, n.request))
		}
	}
	return byTime(out)
}

// byTime sorts lines that begin with a duration.
func byTime(lines []string) []string {
	slices.SortStableFunc(lines, compareTimes)
	return lines
}

func compareTimes(a, b string) int { return cmp.Compare(timeOf(a), timeOf(b)) }

func timeOf(line string) time.Duration {
	first, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	d, err := time.ParseDuration(first)
	if err != nil {
		return 0
	}
	return d
}
