package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
)

var perSecond = regexp.MustCompile(`BenchmarkRoundTrip/(\S+?)(?:-\d+)?\s.*?([\d.]+) messages/s`)

// throughput runs pkg/bus's own benchmark: publish → rule → queue → handler →
// acknowledged, in one process.
func throughput(ctx context.Context) ([]row, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "RoundTrip", "github.com/powerpole/powerpole/pkg/bus/bustest")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("running the benchmark: %w: %s", err, out)
	}
	var rows []row
	for _, m := range perSecond.FindAllStringSubmatch(string(out), -1) {
		n, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{
			what: "messages through the bus, " + m[1], figure: fmt.Sprintf("%.0f/s", n), bound: "2000/s", kept: n >= 2000,
		})
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("the benchmark printed no figure: %s", out)
	}
	return rows, nil
}
