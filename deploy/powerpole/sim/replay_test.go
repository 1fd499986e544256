// It plays many histories, so it is for CI and for whoever asks with -tags sim.

//go:build sim && !race

package sim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// TestOneSeedIsOneHistory plays the same 20 seeds in two processes at once and
// compares the hashes of their traces. The first plays five others before, since
// what a history finds in its process must not matter.
func TestOneSeedIsOneHistory(t *testing.T) {
	const others, seeds = 5, 20
	var runs [2]map[uint64]Summary
	t.Run("play", func(t *testing.T) {
		for i, before := range []int{others, 0} {
			t.Run(fmt.Sprintf("after %d others", before), func(t *testing.T) {
				t.Parallel()
				runs[i] = spawn(t, 1+others-before, seeds+before)
			})
		}
	})
	for seed := uint64(1 + others); seed <= others+seeds; seed++ {
		a, b := runs[0][seed], runs[1][seed]
		if a.Steps == 0 || a.Trace != b.Trace {
			t.Errorf("seed %d: %d steps with trace %s, then %d with %s", seed, a.Steps, a.Trace, b.Steps, b.Trace)
		}
	}
}

// spawn plays seeds in a process of their own and returns what they came to.
func spawn(t *testing.T, start, count int) map[uint64]Summary {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir() + "/out"
	worker := exec.CommandContext(t.Context(), self, "-test.run=^TestHistories$")
	worker.Env = append(os.Environ(), startSetting+"="+strconv.Itoa(start), countSetting+"="+strconv.Itoa(count), outSetting+"="+path)
	if text, err := worker.CombinedOutput(); err != nil && !strings.Contains(string(text), "seed ") {
		t.Fatalf("a worker failed: %v\n%s", err, text)
	}
	lines, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[uint64]Summary{}
	for scanner := bufio.NewScanner(bytes.NewReader(lines)); scanner.Scan(); {
		var s Summary
		if err := json.Unmarshal(scanner.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		out[s.Seed] = s
	}
	return out
}
