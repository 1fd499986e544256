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
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/powerpole/powerpole/deploy/powerpole/sim"
)

// batch is how many histories one process plays: what it costs to start one
// hardly shows, and what is left of one history does not pile up.
const batch = 25

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
	flag.IntVar(&s.most, "most", 5, "stop after so many failing seeds")
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

// errEnough ends a run that has failed often enough.
var errEnough = errors.New("enough seeds have failed")

// run plays all seeds and returns how many failed.
func run(ctx context.Context, s settings, out io.Writer) (failed int, err error) {
	dir, err := os.MkdirTemp("", "powerpole-sim-")
	if err != nil {
		return 0, fmt.Errorf("making a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "sim.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, "github.com/powerpole/powerpole/deploy/powerpole/sim")
	if text, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("building the simulation: %w\n%s", err, text)
	}
	began, played, steps := time.Now(), 0, uint64(0)
	summaries := make(chan sim.Summary)
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(s.workers + 1)
	group.Go(func() error { return start(within, group, s, binary, dir, summaries) })
	ended := make(chan error, 1)
	go func() { ended <- group.Wait(); close(summaries) }()
	for summary := range summaries {
		played, steps = played+1, steps+summary.Steps
		if len(summary.Violations) > 0 {
			failed++
			report(out, summary)
		}
	}
	fmt.Fprintf(out, "%d histories, %d calls, %d failed, in %s\n", played, steps, failed, time.Since(began).Round(time.Second))
	if err := <-ended; err != nil && !errors.Is(err, errEnough) {
		return failed, err
	}
	return failed, nil
}

// start begins the workers, each with a batch of seeds.
func start(ctx context.Context, group *errgroup.Group, s settings, binary, dir string, to chan<- sim.Summary) error {
	failures := make(chan struct{}, s.most)
	for from := s.start; from < s.start+s.seeds && ctx.Err() == nil; from += batch {
		count := min(batch, s.start+s.seeds-from)
		group.Go(func() error {
			found, err := work(ctx, s, binary, dir, from, count)
			for _, summary := range found {
				to <- summary
				if len(summary.Violations) == 0 {
					continue
				}
				select {
				case failures <- struct{}{}:
				default:
					return errEnough
				}
			}
			return err
		})
	}
	return nil
}

// work runs one worker and reads what it wrote.
func work(ctx context.Context, s settings, binary, dir string, from, count uint64) ([]sim.Summary, error) {
	if ctx.Err() != nil {
		return nil, nil // somebody else has had enough
	}
	path := filepath.Join(dir, strconv.FormatUint(from, 10)+".jsonl")
	worker := exec.CommandContext(ctx, binary, "-test.run=^TestHistories$", "-test.timeout=30m")
	worker.Dir = dir
	worker.Env = append(os.Environ(), "GOMAXPROCS=1", "POWERPOLE_SIM_OUT="+path,
		"POWERPOLE_SIM_START="+strconv.FormatUint(from, 10), "POWERPOLE_SIM_COUNT="+strconv.FormatUint(count, 10))
	if s.shrink {
		worker.Env = append(worker.Env, "POWERPOLE_SIM_SHRINK=1")
	}
	if s.trace != "" {
		worker.Env = append(worker.Env, "POWERPOLE_SIM_TRACE="+s.trace)
	}
	text, failure := worker.CombinedOutput()
	found, err := read(path)
	if err != nil || uint64(len(found)) < count && ctx.Err() == nil {
		return found, fmt.Errorf("seeds from %d: %w\n%s", from, errors.Join(failure, err), text)
	}
	return found, nil
}

func read(path string) (out []sim.Summary, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for d := json.NewDecoder(f); ; {
		var s sim.Summary
		switch err := d.Decode(&s); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return out, err
		}
		out = append(out, s)
	}
}

func report(out io.Writer, s sim.Summary) {
	fmt.Fprintf(out, "SEED=%d\n", s.Seed)
	for _, v := range s.Violations {
		fmt.Fprintln(out, "  "+v)
	}
	if len(s.Short) > 0 {
		fmt.Fprintln(out, "  shrunk to:")
	}
	for _, line := range s.Short {
		fmt.Fprintln(out, "    "+line)
	}
}
