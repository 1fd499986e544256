// Command testsum reads `go test -json` from standard input, prints what failed
// and a line for each package, and adds its counts to the file that is named by
// its argument. A test that was skipped is a failure: in CI nothing is.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

type key struct{ pkg, test string }

func main() {
	passed, failed := 0, 0
	output := map[key][]string{}
	parents := map[key]bool{}   // a test with subtests counts by them
	broken := map[string]bool{} // packages of which a test has failed
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var e event
		if json.Unmarshal(in.Bytes(), &e) != nil {
			fmt.Println(in.Text()) // a build's own output
			continue
		}
		k := key{e.Package, e.Test}
		switch e.Action {
		case "output", "build-output":
			output[k] = append(output[k], e.Output)
		case "run":
			if i := strings.LastIndex(e.Test, "/"); i > 0 {
				parents[key{e.Package, e.Test[:i]}] = true
			}
		case "pass":
			switch {
			case e.Test == "":
				fmt.Printf("ok    %-70s %7.2f s\n", e.Package, e.Elapsed)
			case !parents[k]:
				passed++
			}
			delete(output, k)
		case "fail", "skip":
			if e.Test == "" && e.Action == "skip" {
				continue // no test files
			}
			if e.Action == "fail" && (parents[k] || e.Test == "" && broken[e.Package]) {
				continue // its tests say why
			}
			failed++
			broken[e.Package] = true
			fmt.Printf("%s  %s %s\n%s", strings.ToUpper(e.Action), e.Package, e.Test, strings.Join(output[k], ""))
		case "build-fail":
			failed++
			fmt.Printf("BUILD %s\n%s", e.Package, strings.Join(output[k], ""))
		}
	}
	if err := add(os.Args[1], passed, failed); err != nil || in.Err() != nil {
		fmt.Println(err, in.Err())
		os.Exit(1)
	}
	if failed > 0 {
		os.Exit(1)
	}
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
