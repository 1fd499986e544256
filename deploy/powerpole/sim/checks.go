package sim

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// checks is what must always hold.
type checks struct {
	world      *world
	violations []Violation

	mu      sync.Mutex
	clicks  []clicked
	leavers map[string]time.Time
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

func (c *checks) fail(invariant, format string, args ...any) {
	v := Violation{invariant, fmt.Sprintf(format, args...)}
	if !slices.Contains(c.violations, v) {
		c.violations = append(c.violations, v)
		c.world.trace.note("VIOLATION %s", v)
	}
}

// clicked is told of what people do, before they do it.
func (c *checks) clicked(d Deed, a event.Action) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clicks = append(c.clicks, clicked{d.Who, d.Request, a, time.Now()})
}

func (c *checks) left(who string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.leavers[who]; !ok {
		c.leavers[who] = time.Now()
	}
}

// byTime sorts lines that begin with a duration.
func byTime(lines []string) []string {
	at := func(s string) time.Duration {
		d, err := time.ParseDuration(strings.Fields(s)[0])
		if err != nil {
			return 0
		}
		return d
	}
	slices.SortStableFunc(lines, func(a, b string) int { return int(at(a) - at(b)) })
	return lines
}

// ends are the four ends of a request.
var ends = []string{"Reaped", "Denied", "Cancelled", "Lapsed"}

// allEnded says that every request has an end.
func (c *checks) allEnded() bool {
	asked, ended := map[string]bool{}, map[string]bool{}
	for _, e := range c.world.seen.all() {
		if e.Type == "RequestCreated" {
			asked[e.Detail.RequestID] = true
		}
		if slices.Contains(ends, e.Type) {
			ended[e.Detail.RequestID] = true
		}
	}
	return len(asked) == len(ended)
}

// appeared is called when something of PowerPole's is there for the first time.
func (c *checks) appeared(n *thing) {
}

// end checks what can only be said at the end.
func (c *checks) end() {
}
