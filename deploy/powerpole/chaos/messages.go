package main

import (
	"context"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/deploy/powerpole/visitor"
	"github.com/powerpole/powerpole/pkg/event"
)

// untold is what people do not see as it is: a request that has ended and still
// offers a button, a lease without its receipt, a password that is still there.
func (c *crowd) untold(ctx context.Context) (left []string, err error) {
	inChannel, err := c.slack.Messages(ctx, requesters()[0], channel)
	if err != nil {
		return nil, err
	}
	direct := map[string][]slack.Message{}
	for _, who := range requesters() {
		if direct[who], err = c.slack.Messages(ctx, who, dm); err != nil {
			return nil, err
		}
		for _, p := range c.known() {
			if slices.ContainsFunc(direct[who], func(m slack.Message) bool { return strings.Contains(string(m.Blocks), p.password) }) {
				left = append(left, "the password of "+p.user+" in a direct message of "+who)
			}
		}
	}
	for _, s := range c.watch.all() {
		left = append(left, shown(s, direct[s.ask.Requester.User], inChannel)...)
	}
	return left, nil
}

// shown is what is wrong with the messages about one request that has ended.
func shown(s story, direct, inChannel []slack.Message) (left []string) {
	receipt := false
	for _, m := range slices.Concat(direct, inChannel) {
		if !strings.Contains(string(m.Blocks), s.id) {
			continue
		}
		receipt = receipt || strings.Contains(string(m.Blocks)+m.Text, ":receipt:")
		for _, a := range []event.Action{event.Approve, event.Deny, event.Cancel, event.Extend, event.Release} {
			if _, ok := visitor.Button(m, a, s.id); ok {
				left = append(left, "the button to "+string(a)+" "+s.id+" in "+m.Channel)
			}
		}
	}
	if s.said("Reaped") && !receipt {
		left = append(left, "the receipt of "+s.id+", untold,")
	}
	return left
}

func (c *crowd) known() []probe {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.probes)
}
