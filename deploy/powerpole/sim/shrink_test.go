package sim

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestShrinkingLeavesWhatTheFailureNeeds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		p := NewPlan(seed)
		p.Faults = append(p.Faults, Fault{Kind: Down, Where: "reaper", At: time.Second}, Fault{Kind: Down, Where: "grantor", At: time.Second})
		need := Plan{Seed: seed, Deeds: p.Deeds[len(p.Deeds)-1:], Faults: p.Faults[len(p.Faults)-2:]}
		fails := func(p Plan) bool {
			return len(p.Deeds) > 0 && cmp.Equal(p.Deeds[len(p.Deeds)-1], need.Deeds[0]) &&
				len(p.Faults) > 1 && cmp.Equal(p.Faults[len(p.Faults)-2:], need.Faults)
		}
		if diff := cmp.Diff(need, Shrink(p, fails)); diff != "" {
			t.Errorf("seed %d: %s", seed, diff)
		}
	}
}

func TestASeedAlwaysMakesTheSamePlan(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		if diff := cmp.Diff(NewPlan(seed), NewPlan(seed)); diff != "" {
			t.Errorf("seed %d: %s", seed, diff)
		}
		if cmp.Equal(NewPlan(seed), NewPlan(seed+1)) {
			t.Errorf("seeds %d and %d make the same plan", seed, seed+1)
		}
	}
}
