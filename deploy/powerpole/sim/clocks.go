package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/powerpole/powerpole/pkg/clock"
)

// Drift is that the clock of one service is wrong for all of a history. AWS's,
// Slack's and people's are right.
type Drift struct {
	Service string
	// Ahead is by how much; it is negative for a clock that is behind.
	Ahead time.Duration
}

// String tells the drift as a person would.
func (d Drift) String() string {
	if d.Ahead < 0 {
		return fmt.Sprintf("the clock of %s is %s behind", d.Service, -d.Ahead)
	}
	return fmt.Sprintf("the clock of %s is %s ahead", d.Service, d.Ahead)
}

// drifts are those of a seed: in one history of four, services' clocks are up to
// clock.Skew ahead, in one behind. Two of them, or one and AWS's, are never
// further apart than that.
func drifts(seed uint64) (out []Drift) {
	r := rand.New(rand.NewPCG(seed, 0x636c_6f63))
	sign := []time.Duration{1, -1, 0, 0}[r.IntN(4)]
	for _, s := range services {
		if sign != 0 && r.IntN(2) == 0 {
			out = append(out, Drift{s, sign * span(r, 0, clock.Skew)})
		}
	}
	return out
}

// apart is how far apart two clocks of the history are at most, AWS's with them.
func (p Plan) apart() time.Duration {
	var least, most time.Duration
	for _, d := range p.Drifts {
		least, most = min(least, d.Ahead), max(most, d.Ahead)
	}
	return most - least
}

// ahead is by how much the clock of a service is ahead.
func (p Plan) ahead(service string) time.Duration {
	for _, d := range p.Drifts {
		if d.Service == service {
			return d.Ahead
		}
	}
	return 0
}
