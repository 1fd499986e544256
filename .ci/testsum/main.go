// Command testsum reads `go test -json` from standard input, prints what failed
// and a line for each package, and adds its counts to the file that is named by
// its argument. A test that was skipped is a failure: in CI nothing is.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

func main() {
	t := tally{output: map[key][]string{}, parents: map[key]bool{}, explained: map[key]bool{}, latest: map[string][]string{}}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var e event
		if json.Unmarshal(in.Bytes(), &e) != nil {
			fmt.Println(in.Text()) // a build's own output
			continue
		}
		t.take(e)
	}
	if err := add(os.Args[1], t.passed, t.failed); err != nil || in.Err() != nil {
		fmt.Println(err, in.Err())
		os.Exit(1)
	}
	if t.failed > 0 {
		os.Exit(1)
	}
}

// event is a line of `go test -json` (go doc test2json).
type event struct {
	Action, Package, Test, Output string
	ImportPath                    string // of what was built, instead of Package
	Elapsed                       float64
}

// key is a test, or with an empty one its package.
type key struct{ pkg, test string }

// up is what a test is in: the test that ran it, or its package.
func (k key) up() key {
	return key{k.pkg, k.test[:max(strings.LastIndex(k.test, "/"), 0)]}
}

type tally struct {
	passed, failed int
	output         map[key][]string
	parents        map[key]bool        // a test with subtests counts by them
	explained      map[key]bool        // what failed because something in it did
	latest         map[string][]string // the last lines of a package, whichever test's
}

// keep is how many lines are shown of a package that died without saying why.
const keep = 100

func (t *tally) take(e event) {
	k := key{cmp.Or(e.Package, e.ImportPath), e.Test}
	switch e.Action {
	case "output", "build-output":
		t.output[k] = append(t.output[k], e.Output)
		lines := append(t.latest[k.pkg], e.Output)
		t.latest[k.pkg] = lines[max(len(lines)-keep, 0):]
	case "run":
		if up := k.up(); up.test != "" {
			t.parents[up] = true
		}
	case "pass":
		t.pass(k, e.Elapsed)
	case "skip":
		if e.Test != "" { // a package without tests is no skipped test
			t.fail(k, "SKIP")
		}
	case "fail":
		t.fail(k, "FAIL")
	case "build-fail":
		t.fail(k, "BUILD")
	}
}

func (t *tally) pass(k key, seconds float64) {
	switch {
	case k.test == "":
		fmt.Printf("ok    %-70s %7.2f s\n", k.pkg, seconds)
	case !t.parents[k]:
		t.passed++
	}
	delete(t.output, k)
}

// fail counts what failed by itself, and says why.
func (t *tally) fail(k key, how string) {
	explained := t.explained[k]
	if k.test != "" {
		t.explained[k.up()] = true
	}
	if explained {
		return
	}
	t.failed++
	lines := t.output[k]
	if k.test == "" {
		lines = t.latest[k.pkg]
	}
	fmt.Printf("%-5s %s %s\n%s", how, k.pkg, k.test, strings.Join(lines, ""))
}

// add adds to the counts in a file.
func add(path string, passed, failed int) error {
	var p, f int
	if b, err := os.ReadFile(path); err == nil && len(b) > 0 {
		if _, err := fmt.Sscan(string(b), &p, &f); err != nil {
			return err
		}
	}
	return os.WriteFile(path, []byte(fmt.Sprintln(p+passed, f+failed)), 0o600)
}
