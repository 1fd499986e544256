// Package worker plays histories of package sim in processes of their own: what
// makes a history the same in every run, randomness above all, is a process's.
package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/powerpole/powerpole/deploy/powerpole/sim"
)

// Batch is how many histories one process should play: what it costs to start
// one hardly shows, and what is left of one history does not pile up.
const Batch = 25

// Build compiles the simulation to a binary at that path. overlay, if it is not
// empty, is a file that replaces sources (`go help build`). It must be called in
// the module of package sim.
func Build(ctx context.Context, path, overlay string) error {
	args := []string{"test", "-c", "-tags", "sim", "-ldflags=-s -w", "-o", path}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	build := exec.CommandContext(ctx, "go", append(args, "github.com/powerpole/powerpole/deploy/powerpole/sim")...)
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the simulation: %w\n%s", err, text)
	}
	return nil
}

// Play plays the seeds from one on and returns what they came to, as far as the
// worker came. Its error is about the worker, not about what was violated.
func Play(ctx context.Context, binary string, from, count uint64, environ ...string) ([]sim.Summary, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	dir, err := os.MkdirTemp("", "powerpole-sim-")
	if err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "summaries")
	worker := exec.CommandContext(ctx, binary, "-test.run=^TestHistories$", "-test.timeout=30m")
	worker.Dir = dir
	worker.Env = append(append(os.Environ(), "GOMAXPROCS=1", "GOGC=400", "POWERPOLE_SIM_OUT="+path, "TMPDIR="+dir,
		"POWERPOLE_SIM_START="+strconv.FormatUint(from, 10), "POWERPOLE_SIM_COUNT="+strconv.FormatUint(count, 10)), environ...)
	text, failure := worker.CombinedOutput()
	found, err := read(path)
	if err != nil || uint64(len(found)) < count {
		return found, fmt.Errorf("playing seeds from %d: %w\n%s", from, errors.Join(failure, err), head(text))
	}
	return found, nil
}

// head is the beginning of what a worker said.
func head(text []byte) []byte {
	const most = 4 << 10
	return text[:min(len(text), most)]
}

func read(path string) (out []sim.Summary, err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // it did not come that far
	}
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
