package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/powerpole/powerpole/deploy/powerpole/sim/internal/worker"
)

// mutant is one guard removed.
type mutant struct {
	// name is of the part that the guard is in, and of what happens without it.
	name string
	// seed is that at which it was caught the last time, 0 where none is known. It
	// is a hint: that it is caught is seen anew each time.
	seed uint64
	// file is a path in the repository in which old, once, becomes instead.
	file, old, instead string
}

// part is the first word of its name.
func (m mutant) part() string {
	part, _, _ := strings.Cut(m.name, ":")
	return part
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

// build compiles the simulation with the mutant, in a folder of its own.
func (m mutant) build(ctx context.Context, dir string) (binary string, err error) {
	path, source, err := m.source()
	if err != nil {
		return "", err
	}
	mutated, overlay := filepath.Join(dir, "mutated.go"), filepath.Join(dir, "overlay.json")
	replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{path: mutated}})
	if err != nil {
		return "", err
	}
	for file, text := range map[string][]byte{mutated: source, overlay: replaced} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return "", fmt.Errorf("making mutant %q: %w", m.name, err)
		}
	}
	binary = filepath.Join(dir, "mutant.test")
	if err := worker.Build(ctx, binary, overlay); err != nil {
		return "", fmt.Errorf("making mutant %q: %w", m.name, err)
	}
	return binary, nil
}
