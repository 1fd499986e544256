// Histories with a name: what must be seen to be survived, whatever the seeds
// happen to draw.

//go:build sim && !race

package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/clock"
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
func lease(request int, at time.Duration) []Deed { return leaseOf("U0TARO", request, at) }

func leaseOf(who string, request int, at time.Duration) []Deed {
	return []Deed{
		{At: at, Kind: Ask, Who: who, Request: request, Role: "READ", Length: "15m", Databases: []string{"shop"}, Times: 1},
		{At: at + time.Minute, Kind: Approve, Who: approvers[0], Request: request, Times: 1},
		{At: at + 3*time.Minute, Kind: Use, Who: who, Request: request, Times: 1},
	}
}

// forges is somebody who can reach the bus, or the services' queues.
func forges(at time.Duration, what string, says forgery) Deed {
	return Deed{At: at, Kind: Forge, Who: "an outsider", Role: what, Says: says, Times: 1}
}

// of are the lines of the history that have all these texts.
func of(lines []string, texts ...string) (out []string) {
	for _, line := range lines {
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) }) {
			out = append(out, line)
		}
	}
	return out
}

// has says that a line of the history has all these texts.
func has(lines []string, texts ...string) bool { return len(of(lines, texts...)) > 0 }

// said are the events of requests that passed the bus, each once.
func said(r Result, texts ...string) []string {
	return slices.DeleteFunc(of(r.Told, texts...), func(line string) bool {
		return !strings.HasPrefix(strings.Fields(line)[1], "pp-") || strings.HasSuffix(line, again)
	})
}

// kinds are the types of what was said, in its order.
func kinds(r Result, texts ...string) (out []string) {
	for _, line := range said(r, texts...) {
		out = append(out, strings.Fields(line)[2])
	}
	return out
}

// when is when something was first told.
func when(t *testing.T, r Result, texts ...string) time.Duration {
	t.Helper()
	lines := of(r.Told, texts...)
	if len(lines) == 0 {
		t.Fatalf("nobody tells of %q:\n%s", texts, strings.Join(r.Told, "\n"))
	}
	return timeOf(lines[0])
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

// goesItsRoad says that the one request of a history was granted and ended.
func goesItsRoad(t *testing.T, r Result) {
	t.Helper()
	if !has(r.Told, "Granted") || !has(r.Told, "Reaped") {
		t.Errorf("the lease did not go its road:\n%s", strings.Join(r.Told, "\n"))
	}
}

func TestADurationOfNothingOrLessIsRefusedInTheForm(t *testing.T) {
	for _, length := range []string{"0m", "0", "-15m", "1ns", "-0s"} {
		t.Run(length, func(t *testing.T) {
			deeds := lease(0, 2*time.Minute)
			asked := Deed{At: time.Minute, Kind: Ask, Who: "U0EMMA", Request: 1, Role: "READ", Length: length, Databases: []string{"shop"}, Times: 1}
			more := Deed{At: 8 * time.Minute, Kind: Extend, Who: "U0TARO", Request: 0, Length: length, Times: 1}
			r := named(t, Plan{Seed: 1, Deeds: append([]Deed{asked}, append(deeds, more)...)})
			goesItsRoad(t, r)
			if !has(r.Trace, "U0EMMA asks for READ", "the form says map[duration:") {
				t.Error("the form was taken")
			}
			if !has(r.Trace, "U0TARO extends", "there is no such option") {
				t.Error("the form offers it")
			}
			if len(r.Outcomes) != 1 || has(r.Told, "Extended") {
				t.Errorf("something came of it:\n%s", strings.Join(r.Told, "\n"))
			}
		})
	}
}

func TestLeasesEndThoughTheClockOfAServiceIsFiveMinutesOff(t *testing.T) {
	for _, service := range services {
		for _, ahead := range []time.Duration{clock.Skew, -clock.Skew} {
			off := Drift{service, ahead}
			t.Run(off.String(), func(t *testing.T) {
				more := Deed{At: 10 * time.Minute, Kind: Extend, Who: "U0TARO", Request: 0, Length: "15m", Times: 1}
				r := named(t, Plan{Seed: 1, Deeds: append(lease(0, time.Minute), more), Drifts: []Drift{off}})
				goesItsRoad(t, r)
				if !has(r.Told, "Extended") {
					t.Errorf("it was not extended:\n%s", strings.Join(r.Told, "\n"))
				}
			})
		}
	}
}

// lasts says that the lease of a history lasts its 15 minutes, which begin some
// seconds before that is told.
func lasts(t *testing.T, r Result, texts ...string) {
	t.Helper()
	lasted := when(t, r, append(texts, "Expired")...) - when(t, r, append(texts, "Granted")...)
	if lasted < 15*time.Minute-grantTakes || lasted > 15*time.Minute+5*time.Second {
		t.Errorf("the lease lasted %s", lasted)
	}
}

// grantTakes is how long an account takes at the most where nothing is wrong.
const grantTakes = 10 * time.Second

// parking is a message that a service moved to its dead letters. What still waits
// is logged with the same error, but not as one.
type parking struct {
	Level, Msg, Service, ID, Outcome, Error string
}

// parked are those of a service, or of all.
func parked(log, service string) (out []parking) {
	for line := range strings.Lines(log) {
		var p parking
		if json.Unmarshal([]byte(line), &p) != nil || p.Level != "ERROR" || p.Msg != "message handled" {
			continue
		}
		if service == "" || p.Service == service {
			out = append(out, p)
		}
	}
	return out
}
