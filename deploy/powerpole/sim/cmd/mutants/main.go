// Command mutants removes one guard at a time from PowerPole and shows that the
// simulation notices: each mutant must break an invariant within 2,000 seeds
// that the original passes. A mutant that survives is a missing check, or a
// guard that another one stands behind; it exits with 1 then.
//
//	go run ./sim/cmd/mutants [-only TEXT] [-seeds 2000] [-quick]
//
// Each is given the seed first at which it was caught the last time, and only
// where that does not catch it those from 1 on. Sources are replaced for the
// compiler only; nothing in the work tree changes. It must be started in the
// module of package sim.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/powerpole/powerpole/deploy/powerpole/sim/internal/worker"
)

// root is that of the repository, from the module of package sim.
const root = "../.."

func main() {
	var s settings
	flag.StringVar(&s.only, "only", "", "play only mutants whose name contains this")
	flag.Uint64Var(&s.seeds, "seeds", 2000, "how many seeds a mutant is given")
	flag.BoolVar(&s.quick, "quick", false, "play only the first mutant of each part that was caught before")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type settings struct {
	only  string
	seeds uint64
	quick bool
}

// wanted are the mutants that are to be played.
func (s settings) wanted() (out []mutant) {
	parts := map[string]bool{}
	for _, m := range mutants() {
		if !strings.Contains(m.name, s.only) || s.quick && (m.seed == 0 || parts[m.part()]) {
			continue
		}
		parts[m.part()] = true
		out = append(out, m)
	}
	return out
}

var errSurvived = errors.New("a guard is missed by nobody")

// run plays the mutants, prints a line for each, and fails where one survives.
func run(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp("", "powerpole-mutants-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	l := lab{dir: dir, original: filepath.Join(dir, "original.test"), seeds: s.seeds}
	if err := worker.Build(ctx, l.original, ""); err != nil {
		return err
	}
	all := s.wanted()
	var caught atomic.Int32
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for _, m := range all {
		group.Go(func() error {
			ok, err := l.try(within, m)
			if ok {
				caught.Add(1)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	fmt.Printf("%d caught, %d survived\n", caught.Load(), len(all)-int(caught.Load()))
	if int(caught.Load()) < len(all) {
		return errSurvived
	}
	return nil
}
