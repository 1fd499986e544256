package slackui

import (
	"context"
	"sync"
	"time"
)

const (
	// perChannel is how often one channel takes a message (Slack: one a second).
	perChannel = time.Second
	// manyChannels is when channels that have long been quiet are forgotten.
	manyChannels = 1000
)

// Pacer spreads posts to a channel over time, so that many at once wait here
// instead of being refused one by one. It knows this process only; the rest is
// for Slack's own limit. The zero Pacer is ready.
type Pacer struct {
	mu   sync.Mutex
	next map[string]time.Time // when a channel takes the next message
}

// Wait returns when the channel may be posted to, or with the context's error.
func (p *Pacer) Wait(ctx context.Context, channel string) error {
	wait := time.Until(p.turn(channel))
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// turn takes the channel's next turn.
func (p *Pacer) turn(channel string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if len(p.next) >= manyChannels {
		for c, t := range p.next {
			if t.Before(now) {
				delete(p.next, c)
			}
		}
	}
	if p.next == nil {
		p.next = map[string]time.Time{}
	}
	at := p.next[channel]
	if at.Before(now) {
		at = now
	}
	p.next[channel] = at.Add(perChannel)
	return at
}
