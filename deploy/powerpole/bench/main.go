// Command bench measures PowerPole on this machine and prints a table. Figures
// are of one run on one machine; what is to be compared is measured in the same
// run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"text/tabwriter"
	"time"
)

// row is one figure with the bound that it must keep, "" where it has none.
type row struct {
	what, figure, bound string
	kept                bool
}

// suite is a measurement that gives rows.
type suite struct {
	name    string
	measure func(context.Context) ([]row, error)
}

func main() { os.Exit(run()) }

func run() int {
	rest := flag.Duration("rest", 5*time.Minute, "how long services are watched at rest; at least the five minutes between two sweeps")
	leases := flag.Int("leases", 10_000, "how many leases are swept at most")
	roads := flag.Int("roads", 10, "how many times the road is gone")
	bin := flag.String("bin", "bin", "folder with the services' binaries, as make build puts them")
	only := flag.String("only", "", "measure this suite only: road, bus, grantor, end, sweep, rest")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	all := []suite{
		{"road", func(ctx context.Context) ([]row, error) { return road(ctx, *roads) }},
		{"bus", throughput},
		{"grantor", onServers},
		{"end", ends},
		{"sweep", func(ctx context.Context) ([]row, error) {
			return sweeps(ctx, *bin, []int{*leases / 10, *leases / 2, *leases})
		}},
		{"rest", func(ctx context.Context) ([]row, error) { return atRest(ctx, *bin, *rest) }},
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "what\tmeasured\tbound\t")
	code := 0
	for _, s := range all {
		if ctx.Err() != nil || (*only != "" && *only != s.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring: %s …\n", s.name)
		rows, err := s.measure(ctx)
		if err != nil {
			fmt.Fprintf(os.Stderr, "measuring %s: %v\n", s.name, err)
			code = 1
		}
		for _, r := range rows {
			kept := "kept"
			switch {
			case r.bound == "":
				kept = ""
			case !r.kept:
				kept, code = "NOT KEPT", 1
			}
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", r.what, r.figure, r.bound, kept)
		}
	}
	if err := out.Flush(); err != nil {
		return 1
	}
	if ctx.Err() != nil {
		return 130 // interrupted: not everything was measured
	}
	return code
}
