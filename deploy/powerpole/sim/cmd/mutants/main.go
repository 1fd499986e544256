// Command mutants removes one guard at a time from PowerPole and shows that the
// simulation notices: each mutant must break an invariant within 2,000 seeds
// that the original passes. A mutant that survives is a missing check, or a
// guard that another one stands behind. It exits with 1 where one survives that
// must be caught.
//
//	go run ./sim/cmd/mutants [-only NAME] [-seeds 2000] [-quick]
//
// Sources are replaced for the compiler only; nothing in the work tree changes.
// It must be started in the module of package sim.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/powerpole/powerpole/deploy/powerpole/sim"
	"github.com/powerpole/powerpole/deploy/powerpole/sim/internal/worker"
)

// root is that of the repository, from the module of package sim.
const root = "../.."

func main() {
	var s settings
	flag.StringVar(&s.only, "only", "", "play only mutants whose name contains this")
	flag.Uint64Var(&s.seeds, "seeds", 2000, "how many seeds a mutant is given")
	flag.BoolVar(&s.quick, "quick", false, "play only the few that are caught within some seeds")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	passed, err := run(ctx, s)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err != nil || !passed {
		os.Exit(1)
	}
}

type settings struct {
	only  string
	seeds uint64
	quick bool
}

// wants says whether a mutant is to be played.
func (s settings) wants(m mutant) bool {
	return strings.Contains(m.name, s.only) && (!s.quick || slices.Contains(quick(), m.name))
}

// run plays the mutants, prints a line for each, and says whether all were caught
// that must be.
func run(ctx context.Context, s settings) (passed bool, err error) {
	dir, err := os.MkdirTemp("", "powerpole-mutants-")
	if err != nil {
		return false, fmt.Errorf("making a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	l := lab{dir: dir, original: filepath.Join(dir, "original.test"), seeds: s.seeds}
	if err := worker.Build(ctx, l.original, ""); err != nil {
		return false, err
	}
	caught, survived, missed := 0, 0, 0
	for _, m := range mutants() {
		if !s.wants(m) {
			continue
		}
		ok, err := l.try(ctx, m)
		if err != nil {
			return false, err
		}
		switch {
		case ok:
			caught++
		case slices.Contains(needed(), m.name):
			missed++
			fallthrough
		default:
			survived++
		}
	}
	fmt.Printf("%d caught, %d survived, of which %d must be caught\n", caught, survived, missed)
	return missed == 0 && caught > 0, nil
}

// lab is where mutants are made and played.
type lab struct {
	dir, original string
	seeds         uint64
}

// try makes and plays one mutant, and prints what came of it. A guard that has
// moved, or a mutant that does not compile, is an error.
func (l lab) try(ctx context.Context, m mutant) (ok bool, err error) {
	began := time.Now()
	binary := filepath.Join(l.dir, "mutant.test")
	if err := m.build(ctx, l.dir, binary); err != nil {
		return false, err
	}
	caught, played, err := hunt(ctx, l.original, binary, l.seeds)
	if err != nil {
		return false, err
	}
	took := time.Since(began).Round(time.Second)
	if caught == nil {
		fmt.Printf("SURVIVED  %-40s %d seeds, %s\n", m.name, played, took)
		return false, nil
	}
	fmt.Printf("caught    %-40s SEED=%d, %s: %s\n", m.name, caught.Seed, took, first(caught))
	return true, nil
}

func first(s *sim.Summary) string {
	if len(s.Violations) == 0 {
		return "the history did not end"
	}
	return s.Violations[0]
}

// mutant is one guard removed.
type mutant struct {
	name string
	// file is a path in the repository in which old, once, becomes instead.
	file, old, instead string
}

// source returns the path of the file and what it says without the guard. A
// text that is not there exactly once is an error: the guard has moved.
func (m mutant) source() (path string, mutated []byte, err error) {
	path, err = filepath.Abs(filepath.Join(root, m.file))
	if err != nil {
		return "", nil, fmt.Errorf("making mutant %q: %w", m.name, err)
	}
	original, err := os.ReadFile(path)
	if err != nil {
		return "", nil, fmt.Errorf("making mutant %q: %w", m.name, err)
	}
	if n := strings.Count(string(original), m.old); n != 1 {
		return "", nil, fmt.Errorf("making mutant %q: %q is %d times in %s, want once", m.name, m.old, n, m.file)
	}
	return path, []byte(strings.Replace(string(original), m.old, m.instead, 1)), nil
}

// build compiles the simulation with the mutant.
func (m mutant) build(ctx context.Context, dir, binary string) error {
	path, source, err := m.source()
	if err != nil {
		return err
	}
	mutated := filepath.Join(dir, "mutated.go")
	if err := os.WriteFile(mutated, source, 0o600); err != nil {
		return fmt.Errorf("making mutant %q: %w", m.name, err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: mutated}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600); err != nil {
		return fmt.Errorf("making mutant %q: %w", m.name, err)
	}
	if err := worker.Build(ctx, binary, filepath.Join(dir, "overlay.json")); err != nil {
		return fmt.Errorf("making mutant %q: %w", m.name, err)
	}
	return nil
}

// hunt plays seeds until one breaks with the mutant that does not without it.
func hunt(ctx context.Context, original, binary string, seeds uint64) (caught *sim.Summary, played int, err error) {
	within, enough := context.WithCancel(ctx)
	defer enough()
	var mu sync.Mutex
	group, within := errgroup.WithContext(within)
	group.SetLimit(runtime.NumCPU())
	for from := uint64(1); from <= seeds; from += worker.Batch {
		group.Go(func() error {
			suspects, n := suspects(within, binary, from, min(worker.Batch, seeds-from+1))
			mu.Lock()
			played += n
			mu.Unlock()
			for _, s := range suspects {
				innocent, err := passes(within, original, s.Seed)
				if within.Err() != nil {
					return nil
				}
				if err != nil {
					return err
				}
				if innocent {
					mu.Lock()
					defer mu.Unlock()
					if caught == nil {
						caught = &s
					}
					enough()
					return nil
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return caught, played, err
	}
	return caught, played, ctx.Err()
}

// suspects are the seeds of a batch that fail with the mutant. A worker that
// dies has failed at the seed after the last that it told of.
func suspects(ctx context.Context, binary string, from, count uint64) (out []sim.Summary, played int) {
	found, err := worker.Play(ctx, binary, from, count, "POWERPOLE_SIM_FIRST=1")
	for _, s := range found {
		if len(s.Violations) > 0 {
			out = append(out, s)
		}
	}
	if err != nil && ctx.Err() == nil && len(out) == 0 {
		out = append(out, sim.Summary{Seed: from + uint64(len(found))})
	}
	return out, len(found)
}

// passes plays one seed without the mutant.
func passes(ctx context.Context, original string, seed uint64) (bool, error) {
	found, err := worker.Play(ctx, original, seed, 1)
	return err == nil && len(found[0].Violations) == 0, err
}
