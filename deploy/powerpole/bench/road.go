package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/deploy/powerpole/smoke"
)

// road measures from the Approve click to the credentials in the direct message,
// with an instant EC2.
func road(ctx context.Context, times int) ([]row, error) {
	var took []time.Duration
	err := demo.With(ctx, demo.Options{}, func(ctx context.Context, d *demo.Demo) error {
		for range times {
			r, err := smoke.Grant(ctx, smoke.Options{Endpoints: d.Endpoints(), Lease: 10 * time.Minute, Timeout: time.Minute, Out: io.Discard})
			if err != nil {
				return err
			}
			took = append(took, r.ToCredentials)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(took)
	p50, most := took[len(took)/2], took[len(took)-1]
	return []row{{
		what:   "Approve click → credentials message, instant EC2",
		figure: fmt.Sprintf("p50 %d ms, most %d ms of %d", p50.Milliseconds(), most.Milliseconds(), times),
		bound:  "1000 ms", kept: most < time.Second,
	}}, nil
}
