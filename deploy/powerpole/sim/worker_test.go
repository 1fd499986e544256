// Not with the race detector: each step of a history begins the process's random
// source anew, and what a timer starts reads it. Virtual time orders the two,
// but the detector sees no order between them.

//go:build !race

package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Settings of a worker: which seeds it plays, and where it writes a line for
// each. `make sim` starts as many workers as there are processors.
const (
	startSetting = "POWERPOLE_SIM_START"
	countSetting = "POWERPOLE_SIM_COUNT"
	outSetting   = "POWERPOLE_SIM_OUT"
	// shrinkSetting asks for a short plan beside each failure, traceSetting for
	// everything that happened, in files of that prefix.
	shrinkSetting = "POWERPOLE_SIM_SHRINK"
	traceSetting  = "POWERPOLE_SIM_TRACE"
	// firstSetting ends the worker after the first failure.
	firstSetting = "POWERPOLE_SIM_FIRST"
)

// TestHistories plays histories one after the other: a few, or those that the
// settings name. Nothing that must always hold may be broken.
func TestHistories(t *testing.T) {
	start, count := setting(t, startSetting, 1), setting(t, countSetting, 5)
	out := os.Stdout
	if path := os.Getenv(outSetting); path != "" {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		out = f
	}
	for seed := start; seed < start+count; seed++ {
		s := play(t, NewPlan(seed))
		if len(s.Violations) > 0 && os.Getenv(shrinkSetting) != "" {
			s.Short = shrink(t, s)
		}
		line, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(out, string(line))
		for _, v := range s.Violations {
			t.Errorf("seed %d: %s", seed, v)
		}
		if len(s.Violations) > 0 && os.Getenv(firstSetting) != "" {
			return
		}
	}
}

func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// play runs one history, and for some seeds what people do in two orders.
func play(t *testing.T, p Plan) Summary {
	t.Helper()
	began := time.Now()
	r := watched(t, p)
	if hash(p.Seed, 0, "orders")%16 == 0 {
		r.Violations = append(r.Violations, orders(t, p)...)
	}
	return summarise(r, time.Since(began))
}

// orders plays what people do twice, in two orders of everything else, and
// returns what is not alike in the end.
func orders(t *testing.T, p Plan) []Violation {
	t.Helper()
	p.Faults = nil
	one := watched(t, p)
	p.Order = p.Seed + 1 // whichever, but 0
	other := watched(t, p)
	_, differ := Reordered(one, other)
	return slices.Concat(one.Violations, other.Violations, differ)
}

// watched runs one history with a watchdog over it: a bubble that hangs says
// nothing by itself.
func watched(t *testing.T, p Plan) Result {
	t.Helper()
	watchdog := time.AfterFunc(time.Minute, func() { panic(fmt.Sprintf("seed %d hangs", p.Seed)) })
	defer watchdog.Stop()
	r := Run(t, p, t.TempDir())
	if path := os.Getenv(traceSetting); path != "" {
		text := strings.Join(r.Trace, "\n") + "\n\n" + strings.Join(r.Told, "\n") + "\n\n" + r.Log
		if p.Order != 0 {
			path += "-reordered"
		}
		if err := os.WriteFile(fmt.Sprintf("%s-%d.txt", path, p.Seed), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// shrink finds the shortest part of the seed's plan that still breaks one of the
// same invariants.
func shrink(t *testing.T, s Summary) []string {
	t.Helper()
	broken := map[string]bool{}
	for _, v := range s.Violations {
		broken[invariant(v)] = true
	}
	short := Shrink(NewPlan(s.Seed), func(p Plan) bool {
		for _, v := range play(t, p).Violations {
			if broken[invariant(v)] {
				return true
			}
		}
		return false
	})
	lines := short.Lines()
	for _, v := range play(t, short).Violations {
		lines = append(lines, "=> "+v)
	}
	return lines
}

// invariant is the number before a violation's text.
func invariant(violation string) string {
	number, _, _ := strings.Cut(violation, ":")
	return number
}

func summarise(r Result, took time.Duration) Summary {
	sum := sha256.Sum256([]byte(strings.Join(r.Trace, "\n")))
	s := Summary{Seed: r.Plan.Seed, Steps: r.Steps, Lasted: r.Lasted, Took: took, Trace: hex.EncodeToString(sum[:])}
	for _, v := range r.Violations {
		s.Violations = append(s.Violations, v.String())
	}
	return s
}
