package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/powerpole/powerpole/deploy/powerpole/sim"
	"github.com/powerpole/powerpole/deploy/powerpole/sim/internal/worker"
)

// lab is where mutants are made and played.
type lab struct {
	dir, original string
	seeds         uint64
}

// try makes and plays one mutant, and prints what came of it. A guard that has
// moved, or a mutant that does not compile, is an error.
func (l lab) try(ctx context.Context, m mutant) (ok bool, err error) {
	began := time.Now()
	dir, err := os.MkdirTemp(l.dir, "mutant-")
	if err != nil {
		return false, fmt.Errorf("making a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	binary, err := m.build(ctx, dir)
	if err != nil {
		return false, err
	}
	caught, played, err := l.hunt(ctx, binary, m.seed)
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

// hunt plays seeds until one breaks with the mutant that does not without it: the
// hint, and then all from 1 on.
func (l lab) hunt(ctx context.Context, binary string, hint uint64) (caught *sim.Summary, played int, err error) {
	if hint > 0 {
		if caught, played, err = l.batch(ctx, binary, hint, 1); caught != nil || err != nil {
			return caught, played, err
		}
	}
	for from := uint64(1); from <= l.seeds; from += worker.Batch {
		caught, n, err := l.batch(ctx, binary, from, min(worker.Batch, l.seeds-from+1))
		if played += n; caught != nil || err != nil {
			return caught, played, err
		}
	}
	return nil, played, nil
}

// batch plays some seeds up to the first that only the mutant breaks. A worker
// that dies has failed at the seed after the last that it told of.
func (l lab) batch(ctx context.Context, binary string, from, count uint64) (caught *sim.Summary, played int, err error) {
	for last := from + count; from < last; {
		found, err := worker.Play(ctx, binary, from, last-from, "POWERPOLE_SIM_FIRST=1")
		if ctx.Err() != nil {
			return nil, played, ctx.Err()
		}
		played += len(found)
		suspect := sim.Summary{Seed: from + uint64(len(found))}
		if n := len(found); n > 0 && len(found[n-1].Violations) > 0 {
			suspect = found[n-1]
		} else if err == nil {
			return nil, played, nil
		}
		if innocent, err := l.passes(ctx, suspect.Seed); innocent || err != nil {
			return &suspect, played, err
		}
		from = suspect.Seed + 1
	}
	return nil, played, nil
}

// passes plays one seed without the mutant.
func (l lab) passes(ctx context.Context, seed uint64) (bool, error) {
	found, err := worker.Play(ctx, l.original, seed, 1)
	return err == nil && len(found[0].Violations) == 0, err
}
