package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/powerpole/powerpole/deploy/powerpole/visitor"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/intake"
)

// follow does with one request what people do with it, until it has ended.
func (c *crowd) follow(ctx context.Context, s story) {
	r := rand.New(rand.NewPCG(c.seed, hash(s.ask.Reason)))
	pause(ctx, between(r, 0, 2*time.Second))
	switch n := r.IntN(100); {
	case n < 10:
		c.deny(ctx, s)
	case n < 20:
		c.withdraw(ctx, s)
	case n < 27: // approver and requester at once
		var both sync.WaitGroup
		both.Go(func() { c.approve(ctx, s) })
		both.Go(func() { c.withdraw(ctx, s) })
		both.Wait()
	case n < 37:
		c.approve(ctx, s)
		c.granted(ctx, s.id, between(r, 0, 8*time.Second))
		c.release(ctx, s, s.ask.Requester.User, dm)
	case n < 44:
		c.approve(ctx, s)
		c.granted(ctx, s.id, between(r, 0, 8*time.Second))
		c.release(ctx, s, approversFor(s.ask.Requester.User)[0], channel)
	case n < 54:
		c.approve(ctx, s)
		c.extend(ctx, s)
	default:
		c.approve(ctx, s)
	}
	c.watch.until(ctx, s.id, story.ended)
}

func hash(s string) (h uint64) {
	for _, b := range []byte(s) {
		h = h*1099511628211 + uint64(b)
	}
	return h
}

// approve lets all approvers click at once, and again until it is so.
func (c *crowd) approve(ctx context.Context, s story) {
	var all sync.WaitGroup
	for _, who := range approversFor(s.ask.Requester.User) {
		all.Go(func() {
			c.insist(ctx, s.id, func() error { return c.click(ctx, who, channel, s.id, event.Approve) }, "Approved")
		})
	}
	all.Wait()
}

func (c *crowd) withdraw(ctx context.Context, s story) {
	who := s.ask.Requester.User
	c.insist(ctx, s.id, func() error { return c.click(ctx, who, dm, s.id, event.Cancel) }, "Approved")
}

func (c *crowd) deny(ctx context.Context, s story) {
	who := approversFor(s.ask.Requester.User)[0]
	c.insist(ctx, s.id, func() error {
		return c.form(ctx, who, intake.ReasonCallback,
			func() error { return c.click(ctx, who, channel, s.id, event.Deny) },
			func(v visitor.View) error {
				return c.submit(ctx, who, v, map[string]any{intake.ReasonAction: "not today"})
			})
	})
}

func (c *crowd) release(ctx context.Context, s story, who, in string) {
	c.insist(ctx, s.id, func() error { return c.click(ctx, who, in, s.id, event.Release) }, "Released", "Expired")
}

// granted waits for the account, and then a while.
func (c *crowd) granted(ctx context.Context, id string, then time.Duration) (event.Granted, bool) {
	s, _ := c.watch.until(ctx, id, func(s story) bool { return s.ended() || s.said("Granted", "Expired") })
	g, ok := decoded[event.Granted](s)
	if ok {
		pause(ctx, then)
	}
	return g, ok
}

// extend asks for more time, and says that it is done after what would have been
// the end.
func (c *crowd) extend(ctx context.Context, s story) {
	g, ok := c.granted(ctx, s.id, 0)
	if !ok {
		return
	}
	who := s.ask.Requester.User
	c.insist(ctx, s.id, func() error {
		return c.form(ctx, who, intake.ExtendCallback,
			func() error { return c.click(ctx, who, dm, s.id, event.Extend) },
			func(v visitor.View) error {
				return c.submit(ctx, who, v, map[string]any{intake.ExtraAction: "15m", intake.ReasonAction: "not through"})
			})
	}, "Extended", "Expired")
	if after, _ := c.watch.story(s.id); after.said("Extended") {
		pause(ctx, time.Until(g.ExpiresAt)+3*time.Second)
		c.release(ctx, s, who, dm)
	}
}

// follows starts a follower and a client for each new request.
func (c *crowd) follows(ctx context.Context, all *sync.WaitGroup) func(story) {
	return func(s story) {
		if !slices.Contains(requesters(), s.ask.Requester.User) {
			return
		}
		all.Go(func() { c.follow(ctx, s) })
		all.Go(func() { c.use(ctx, s) })
	}
}
