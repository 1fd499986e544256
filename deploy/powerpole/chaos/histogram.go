package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// histogram prints how many of the durations fall into each range.
func histogram(w io.Writer, all []time.Duration) {
	if len(all) == 0 {
		fmt.Fprintln(w, "  none")
		return
	}
	bounds := []time.Duration{
		50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second,
		5 * time.Second, 10 * time.Second, 20 * time.Second, 45 * time.Second, 90 * time.Second, 3 * time.Minute, 1 << 62,
	}
	counts := make([]int, len(bounds))
	for _, d := range all {
		counts[slices.IndexFunc(bounds, func(b time.Duration) bool { return d <= b })]++
	}
	most := slices.Max(counts)
	for i, n := range counts {
		if n == 0 {
			continue
		}
		label := "≤ " + bounds[i].String()
		if i == len(bounds)-1 {
			label = "more"
		}
		fmt.Fprintf(w, "  %8s %5d %s\n", label, n, strings.Repeat("█", max(1, n*40/most)))
	}
	fmt.Fprintf(w, "  p50 %s, p99 %s, max %s of %d\n", quantile(all, 0.5), quantile(all, 0.99), quantile(all, 1), len(all))
}

// quantile is the smallest duration that the part q of all does not exceed.
func quantile(all []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[max(0, min(len(sorted)-1, int(q*float64(len(sorted))+0.999999)-1))].Round(time.Millisecond)
}
