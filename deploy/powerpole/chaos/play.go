package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/powerpole/powerpole/deploy/powerpole/visitor"
)

// play lets people ask while things break, waits until everything has come to
// its end, and judges.
func (s *stage) play(ctx context.Context, o options) (v verdict, err error) {
	tap, err := visitor.OpenTap(ctx, s.aws)
	if err != nil {
		return v, err
	}
	c := newCrowd(s, o.seed)
	following, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer func() { stop(); all.Wait() }()
	all.Go(func() { c.watch.listen(following, tap, c.follows(following, &all)) })

	c.turmoil(ctx, o)
	if ctx.Err() != nil {
		return v, ctx.Err()
	}
	fmt.Fprintf(o.out, "faults have stopped; %d requests so far, waiting for their ends\n", len(c.watch.all()))
	quiet := time.Now()
	left := c.settle(ctx, o.settle)
	v.settled = time.Since(quiet)
	pause(ctx, time.Second) // for clients to see what has happened to them
	stop()
	all.Wait()
	if ctx.Err() != nil {
		return v, ctx.Err()
	}
	v.kills, v.cuts = s.counts.kills.Load(), s.counts.cuts.Load()
	v.starts = s.counts.starts.Load()
	v.judge(c.watch.all(), c.accepted, c.probes, within(o.sweepEvery))
	for _, what := range left {
		v.find("", "%s is left", what)
	}
	if v.kills == 0 || v.cuts == 0 || v.requests == 0 || len(v.byTime) == 0 {
		v.find("", "the run was too short to show anything")
	}
	return v, errors.Join(ctx.Err(), tap.Close(ctx))
}

// turmoil is people who ask and things that break, for as long as o says.
func (c *crowd) turmoil(ctx context.Context, o options) {
	during, stop := context.WithTimeout(ctx, o.lasts)
	defer stop()
	var all sync.WaitGroup
	for _, who := range requesters() {
		all.Go(func() { c.asks(during, who) })
	}
	all.Go(func() { c.havoc(during, o.seed) })
	all.Wait()
}

// settle waits until every request has its end and nothing is left, and returns
// what is left when the limit is reached.
func (c *crowd) settle(ctx context.Context, limit time.Duration) []string {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		left, err := c.left(context.WithoutCancel(ctx))
		untold, err2 := c.untold(context.WithoutCancel(ctx))
		if err := errors.Join(err, err2); err != nil {
			left = append(left, "something that cannot be seen: "+err.Error())
		}
		left = append(left, untold...)
		open := 0
		for _, s := range c.watch.all() {
			if !s.ended() {
				open++
			}
		}
		if open == 0 && len(left) == 0 || !pause(ctx, 2*time.Second) {
			return left
		}
	}
}
