// Command sim plays histories of package sim, from as many processes as there
// are processors, and prints what broke, shrunk to what a person can read.
//
//	go run ./sim/cmd/sim -seeds 10000 -start 1
//
// A seed is replayed by -seeds 1 -start SEED; with -trace PREFIX everything that
// happened is written to PREFIX-SEED.txt. It must be started in the module of
// package sim.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/powerpole/powerpole/deploy/powerpole/sim"
	"github.com/powerpole/powerpole/deploy/powerpole/sim/internal/worker"
)

type settings struct {
	seeds, start uint64
	workers      int
	shrink       bool
	trace        string
	most         int
}

func main() {
	s := settings{}
	flag.Uint64Var(&s.seeds, "seeds", 200, "how many histories")
	flag.Uint64Var(&s.start, "start", 1, "the first seed")
	flag.IntVar(&s.workers, "workers", runtime.NumCPU(), "how many processes")
	flag.BoolVar(&s.shrink, "shrink", true, "shrink what fails")
	flag.StringVar(&s.trace, "trace", "", "prefix of files that take everything that happened")
	flag.IntVar(&s.most, "most", 5, "begin no more after so many failing seeds")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	failed, err := run(ctx, s, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err != nil || failed > 0 {
		os.Exit(1)
	}
}

// run plays all seeds and returns how many failed.
func run(ctx context.Context, s settings, out io.Writer) (failed int, err error) {
	dir, err := os.MkdirTemp("", "powerpole-sim-")
	if err != nil {
		return 0, fmt.Errorf("making a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "sim.test")
	if err := worker.Build(ctx, binary, ""); err != nil {
		return 0, err
	}
	t := &tally{out: out, began: time.Now(), seeds: s.seeds}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(s.workers)
	for from := s.start; from < s.start+s.seeds; from += worker.Batch {
		group.Go(func() error {
			if ctx.Err() != nil || t.enough(s.most) {
				return nil
			}
			found, err := worker.Play(ctx, binary, from, min(worker.Batch, s.start+s.seeds-from), s.environ()...)
			t.add(found)
			return err
		})
	}
	err = group.Wait()
	t.print()
	if errors.Is(err, context.Canceled) {
		err = nil // somebody stopped it
	}
	return t.failed, err
}

// environ is what a worker is asked for.
func (s settings) environ() (out []string) {
	if s.shrink {
		out = append(out, "POWERPOLE_SIM_SHRINK=1")
	}
	if s.trace != "" {
		out = append(out, "POWERPOLE_SIM_TRACE="+s.trace)
	}
	return out
}

// tally counts what was played and prints what failed.
type tally struct {
	out   io.Writer
	began time.Time

	seeds uint64

	mu             sync.Mutex
	played, failed int
	steps          uint64
}

func (t *tally) enough(most int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed >= most
}

func (t *tally) add(found []sim.Summary) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.played / progress
	for _, s := range found {
		t.played, t.steps = t.played+1, t.steps+s.Steps
		if len(s.Violations) > 0 {
			t.failed++
			report(t.out, s)
		}
	}
	if t.played/progress > before {
		fmt.Fprintf(os.Stderr, "%d of %d histories, %d failed\n", t.played, t.seeds, t.failed)
	}
}

// progress is after how many histories a line says how far it is.
const progress = 100

func (t *tally) print() {
	fmt.Fprintf(t.out, "%d histories, %d calls, %d failed, in %s\n", t.played, t.steps, t.failed, time.Since(t.began).Round(time.Second))
}

func report(out io.Writer, s sim.Summary) {
	fmt.Fprintf(out, "SEED=%d\n", s.Seed)
	for _, v := range s.Violations {
		fmt.Fprintln(out, "  "+v)
	}
	fmt.Fprintln(out, "  planned:")
	for _, line := range sim.NewPlan(s.Seed).Lines() {
		fmt.Fprintln(out, "    "+line)
	}
	if len(s.Short) > 0 {
		fmt.Fprintln(out, "  shrunk to:")
	}
	for _, line := range s.Short {
		fmt.Fprintln(out, "    "+line)
	}
}
