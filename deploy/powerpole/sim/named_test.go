// Histories with a name: what must be seen to be survived, whatever the seeds
// happen to draw.

//go:build sim && !race

package sim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// named plays a plan, in which nothing may be violated, and returns what it came
// to.
func named(t *testing.T, p Plan) Result {
	t.Helper()
	watchdog := time.AfterFunc(time.Minute, func() { panic(t.Name() + " hangs") })
	defer watchdog.Stop()
	r := Run(t, p, t.TempDir())
	for _, v := range r.Violations {
		t.Error(v)
	}
	return r
}

// lease is a request of one person for 15 minutes, approved a minute later and
// used.
func lease(request int, at time.Duration) []Deed {
	return []Deed{
		{At: at, Kind: Ask, Who: "U0TARO", Request: request, Role: "READ", Length: "15m", Databases: []string{"shop"}, Times: 1},
		{At: at + time.Minute, Kind: Approve, Who: approvers[0], Request: request, Times: 1},
		{At: at + 3*time.Minute, Kind: Use, Who: "U0TARO", Request: request, Times: 1},
	}
}

// has says that a line of the history has all these texts.
func has(lines []string, texts ...string) bool {
	return slices.ContainsFunc(lines, func(line string) bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) })
	})
}

func TestWhoHasNoCatalogOrPolicyDoesNothingUntilItIsWhole(t *testing.T) {
	for _, service := range services {
		for _, what := range misreadings {
			if strings.HasSuffix(what, aPolicy) && service != "approval" {
				continue // nobody else has any
			}
			t.Run(service+" with "+what, func(t *testing.T) {
				f := Fault{Kind: Misread, Where: service, What: what, At: 90 * time.Second, For: 2 * time.Minute}
				again := Deed{At: 5 * time.Minute, Kind: Approve, Who: approvers[0], Request: 0, Times: 1}
				r := named(t, Plan{Seed: 1, Deeds: append(lease(0, time.Minute), again), Faults: []Fault{f}})
				if !has(r.Trace, fmt.Sprintf("%s/3 has ended", service)) {
					t.Errorf("%s was not started with %s", service, what)
				}
				if !has(r.Told, "Granted") || !has(r.Told, "Reaped") {
					t.Errorf("nobody was helped afterwards:\n%s", strings.Join(r.Told, "\n"))
				}
			})
		}
	}
}

func TestTheSameDecisionsEndAlikeInAnyOrderOfMessages(t *testing.T) {
	for seed := uint64(1); seed <= 5; seed++ {
		p := Plan{Seed: seed, Deeds: NewPlan(seed).Deeds}
		one := named(t, p)
		p.Order = seed
		other := named(t, p)
		compared, differ := Reordered(one, other)
		for _, v := range differ {
			t.Errorf("seed %d: %s", seed, v)
		}
		if 2*compared < len(one.Outcomes) {
			t.Errorf("seed %d: %d of %d requests could be compared", seed, compared, len(one.Outcomes))
		}
	}
}
