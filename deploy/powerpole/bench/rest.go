package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	localaws "github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/deploy/powerpole/demo"
)

const (
	mostResident = 30 // MiB
	mostCalls    = 200
)

// atRest starts the six services as processes, leaves them alone, and reads how
// much memory they hold and how many calls to AWS they made.
func atRest(ctx context.Context, folder string, watch time.Duration) (_ []row, err error) {
	calls := &tally{n: map[string]map[string]int{}}
	d, err := demo.New(ctx, demo.Options{Addresses: demo.FreeAddresses(), NoServices: true, Observe: calls.add})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- d.Run(running, func() {}) }()
	fleet, err := demo.StartFleet(ctx, folder, d.Endpoints(), io.Discard)
	if err != nil {
		return nil, err
	}
	// What a start costs is not what rest costs.
	err = sleep(ctx, 10*time.Second)
	calls.reset()
	err = errors.Join(err, sleep(ctx, watch))
	var rows []row
	for _, spec := range demo.Specs() {
		rows = append(rows, calls.row(spec.Name, watch), resident(spec.Name, fleet.PID(spec.Name)))
	}
	err = errors.Join(err, fleet.Stop())
	stop()
	return rows, errors.Join(err, <-ended)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func resident(service string, pid int) row {
	r := row{what: service + " at rest, resident", bound: fmt.Sprintf("%d MiB", mostResident), figure: "unknown"}
	kib, err := status(pid, "VmRSS")
	if err != nil {
		return r
	}
	r.figure, r.kept = fmt.Sprintf("%.1f MiB", float64(kib)/1024), kib < mostResident<<10
	return r
}

// tally counts calls by who made them and what they were.
type tally struct {
	mu sync.Mutex
	n  map[string]map[string]int
}

func (t *tally) add(c localaws.Call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n[c.AccessKey] == nil {
		t.n[c.AccessKey] = map[string]int{}
	}
	t.n[c.AccessKey][c.Operation]++
}

func (t *tally) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n = map[string]map[string]int{}
}

func (t *tally) row(service string, watched time.Duration) row {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := 0
	for _, n := range t.n[demo.AccessKey(service)] {
		all += n
	}
	hourly := float64(all) / watched.Hours()
	return row{
		what:   service + " at rest, calls to AWS",
		figure: fmt.Sprintf("%.0f/h (in %s: %v)", hourly, watched, t.n[demo.AccessKey(service)]),
		bound:  fmt.Sprintf("%d/h", mostCalls), kept: hourly < mostCalls,
	}
}
