package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/deploy/powerpole/visitor"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/services/intake"
)

// The channel of the demo's cluster, and who approves there.
const (
	channel = "C0SHOPDB"
	cluster = "shop-demo"
	dm      = "dm"
)

func requesters() []string { return []string{"U0TARO", "U0EMMA", "U0OLIVER", "U0HANAKO", "U0KEN"} }

// approversFor are those who may approve what somebody asks for.
func approversFor(who string) []string {
	return slices.DeleteFunc([]string{"U0HANAKO", "U0KEN"}, func(a string) bool { return a == who })
}

// crowd is the people of the workspace. They see messages and click; whatever
// does not answer they try again.
type crowd struct {
	*stage
	watch *watch
	seed  uint64
	hands map[string]chan struct{} // a person fills in one form at a time

	mu sync.Mutex
	// accepted are the requests whose form was taken, by their reason.
	accepted map[string]bool
	boards   map[string]*board
	probes   []probe
}

func newCrowd(s *stage, seed uint64) *crowd {
	c := &crowd{
		stage: s, watch: newWatch(s.journal), seed: seed, hands: map[string]chan struct{}{},
		accepted: map[string]bool{}, boards: map[string]*board{},
	}
	for _, who := range requesters() {
		c.hands[who] = make(chan struct{}, 1)
	}
	return c
}

// board is what a person sees of a channel, looked at twice a second at most.
type board struct {
	mu       sync.Mutex
	at       time.Time
	messages []slack.Message
}

func (c *crowd) messages(ctx context.Context, who, in string) []slack.Message {
	c.mu.Lock()
	b := c.boards[who+in]
	if b == nil {
		b = &board{}
		c.boards[who+in] = b
	}
	c.mu.Unlock()
	b.mu.Lock()
	seen, fresh := b.messages, time.Since(b.at) < 500*time.Millisecond
	b.mu.Unlock()
	if fresh {
		return seen
	}
	seen, err := c.slack.Messages(ctx, who, in)
	if err != nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at, b.messages = time.Now(), seen
	return seen
}

// asks lets a person ask again and again.
func (c *crowd) asks(ctx context.Context, who string) {
	r := rand.New(rand.NewPCG(c.seed, uint64(100+slices.Index(requesters(), who))))
	for n := 1; pause(ctx, between(r, 4*time.Second, 14*time.Second)); n++ {
		role, lease := "READ", between(r, 10*time.Second, 30*time.Second).Round(time.Second)
		switch {
		case r.IntN(4) == 0:
			role = "DML"
		case r.IntN(6) == 0 && len(approversFor(who)) > 1:
			role = "DDL"
		}
		for try := 1; ctx.Err() == nil; try++ {
			reason := fmt.Sprintf("%s %d.%d", who, n, try)
			err := c.ask(ctx, who, role, lease.String(), reason)
			if err == nil {
				break
			}
			c.journal.Printf("%s asking: %v", reason, err)
			pause(ctx, time.Second)
		}
	}
}

// ask fills in the modal.
func (c *crowd) ask(ctx context.Context, who, role, lease, reason string) error {
	return c.form(ctx, who, intake.RequestCallback, func() error {
		return c.slack.Post(ctx, "command", map[string]any{"user": who, "channel": channel, "command": "/powerpole"}, nil)
	}, func(v visitor.View) error {
		if !v.Has(intake.DurationBlock) {
			act := map[string]any{"user": who, "view": v.ID, "action": intake.ClusterAction, "value": cluster}
			if err := c.slack.Post(ctx, "act", act, nil); err != nil {
				return err
			}
		}
		err := c.submit(ctx, who, v, map[string]any{
			intake.ClusterAction: cluster, intake.DatabasesAction: []string{"shop"}, intake.RoleAction: role,
			intake.DurationAction: lease, intake.ReasonAction: reason,
		})
		if err == nil {
			c.mu.Lock()
			c.accepted[reason] = true
			c.mu.Unlock()
		}
		return err
	})
}

// form opens a modal, fills it in, and leaves none open.
func (c *crowd) form(ctx context.Context, who, callback string, open func() error, fill func(visitor.View) error) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case c.hands[who] <- struct{}{}:
	}
	defer func() { <-c.hands[who] }()
	if err := open(); err != nil {
		return err
	}
	looking, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var v visitor.View
	err := visitor.Until(looking, "a modal", func() (_ bool, err error) {
		v, err = c.slack.View(looking, who)
		return v.CallbackID == callback, err
	})
	if err != nil {
		return err
	}
	if err := fill(v); err != nil {
		_ = c.slack.Post(ctx, "close", map[string]any{"user": who, "view": v.ID}, nil)
		return err
	}
	return nil
}

func (c *crowd) submit(ctx context.Context, who string, v visitor.View, values map[string]any) error {
	var answer slack.ViewAnswer
	err := c.slack.Post(ctx, "submit", map[string]any{"user": who, "view": v.ID, "values": values}, &answer)
	if err == nil && len(answer.Errors) > 0 {
		return fmt.Errorf("the form says %v", answer.Errors)
	}
	return err
}

// button finds a request's button for an action.
func (c *crowd) button(ctx context.Context, who, in, request string, a event.Action) (m slack.Message, value string, ok bool) {
	for _, m = range c.messages(ctx, who, in) {
		if value, ok = visitor.Button(m, a, request); ok {
			return m, value, true
		}
	}
	return m, "", false
}

// click clicks a request's button once, if the person sees it.
func (c *crowd) click(ctx context.Context, who, in, request string, a event.Action) error {
	m, value, ok := c.button(ctx, who, in, request, a)
	if !ok {
		return fmt.Errorf("%s sees no button to %s", who, a)
	}
	return c.slack.Post(ctx, "click", map[string]any{
		"user": who, "channel": m.Channel, "ts": m.TS, "action": slackui.ActionID(a), "value": value,
	}, nil)
}

// insist does something again and again, until the story says that it is done
// or that the request is over.
func (c *crowd) insist(ctx context.Context, id string, do func() error, done ...string) {
	over := func(s story) bool { return s.ended() || s.said(done...) }
	for ctx.Err() == nil {
		err := do()
		wait := 5 * time.Second
		if err != nil {
			wait = 700 * time.Millisecond
			if !strings.Contains(err.Error(), "sees no button") {
				c.journal.Printf("%s: %v", id, err)
			}
		}
		patience, cancel := context.WithTimeout(ctx, wait)
		_, ok := c.watch.until(patience, id, over)
		cancel()
		if ok {
			return
		}
	}
}
