package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/deploy/powerpole/smoke"
)

// road measures from the Approve click to the credentials in the direct message,
// with an instant EC2.
func road(ctx context.Context, times int) (_ []row, err error) {
	d, err := demo.New(ctx, demo.Options{Addresses: demo.FreeAddresses()})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	running, stop := context.WithCancel(ctx)
	defer stop()
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- d.Run(running, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		return nil, err
	}
	var took []time.Duration
	for range times {
		r, err := smoke.Grant(ctx, smoke.Options{Endpoints: d.Endpoints(), Lease: 10 * time.Minute, Timeout: time.Minute, Out: io.Discard})
		if err != nil {
			return nil, err
		}
		took = append(took, r.ToCredentials)
	}
	stop()
	slices.Sort(took)
	p50, most := took[len(took)/2], took[len(took)-1]
	return []row{{
		what:   "Approve click → credentials message, instant EC2",
		figure: fmt.Sprintf("p50 %d ms, most %d ms of %d", p50.Milliseconds(), most.Milliseconds(), times),
		bound:  "1000 ms", kept: most < time.Second,
	}}, <-ended
}
