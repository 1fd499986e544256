package sim

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// checks is what must always hold. What checks which invariant:
//
//	S1   appeared, permitted, approver; everybody
//	S2   stopped, lockedFirst
//	S3   gone, tornDown, alarmed
//	S4   ended, answered, heard, warned, told, extended
//	S5   alone, foreign, vacant
//	S6   appeared, events, toldOf
//	S7   Reordered, between two histories of the same deeds
//	S8   the replay after a history
//	S9   secrets, toldOf
//	S10  agreed, proven
//	S11  permitted, limited; gone, whose end is never later than end_by
//	S12  misled, started
type checks struct {
	world    *world
	verifier *warrant.Verifier

	mu         sync.Mutex
	violations []Violation
	clicks     []clicked
	accepted   []Deed // requests whose form was taken
	leavers    map[string]time.Time
}

// clicked is a decision that a person made on a request's message.
type clicked struct {
	who     string
	request int
	action  event.Action
	at      time.Time
}

func newChecks(w *world) *checks {
	return &checks{world: w, leavers: map[string]time.Time{}}
}

// read reads the public keys that warrants are checked with.
func (c *checks) read(path string) error {
	jwks, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the public keys: %w", err)
	}
	keys, err := warrant.ParseKeySet(jwks)
	if err != nil {
		return err
	}
	c.verifier, err = warrant.NewVerifier(keys, "powerpole-sim")
	return err
}

func (c *checks) fail(invariant, format string, args ...any) {
	v := Violation{invariant, fmt.Sprintf(format, args...)}
	c.mu.Lock()
	known := slices.Contains(c.violations, v)
	if !known {
		c.violations = append(c.violations, v)
	}
	c.mu.Unlock()
	if !known {
		c.world.trace.note("VIOLATION %s", v)
	}
}

// clicked is told of what people do, before they do it.
func (c *checks) clicked(d Deed, a event.Action) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clicks = append(c.clicks, clicked{d.Who, d.Request, a, time.Now()})
}

// asked is told of a form that was taken.
func (c *checks) asked(d Deed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepted = append(c.accepted, d)
}

func (c *checks) left(who string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.leavers[who]; !ok {
		c.leavers[who] = time.Now()
	}
}

// ends are the four ends of a request.
var ends = []string{"Reaped", "Denied", "Cancelled", "Lapsed"}

// allEnded says that every request has an end.
func (c *checks) allEnded() bool {
	all, _ := gather(c.world.seen.all())
	for _, f := range all {
		if f.created != nil && len(f.ends) == 0 {
			return false
		}
	}
	return true
}

// end checks what can only be said at the end.
func (c *checks) end(ctx context.Context) {
	all, by := gather(c.world.seen.all())
	c.gone(by)
	c.ended(all)
	c.alarmed(all)
	c.heard()
	c.events()
	c.everybody()
	c.warned(all)
	c.told(all)
	c.extended(all)
	c.proven(all)
	c.limited(all)
	c.agreed(ctx, all)
	c.secrets()
	c.foreign()
	c.vacant()
}
