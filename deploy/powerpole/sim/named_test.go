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

	"github.com/powerpole/powerpole/pkg/clock"
	"github.com/powerpole/powerpole/pkg/event"
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

// goesItsRoad says that the one request of a history was granted and ended.
func goesItsRoad(t *testing.T, r Result) {
	t.Helper()
	if !has(r.Told, "Granted") || !has(r.Told, "Reaped") {
		t.Errorf("the lease did not go its road:\n%s", strings.Join(r.Told, "\n"))
	}
}

func TestARequestThatNobodyKnowsIsAnsweredAndBuildsNothing(t *testing.T) {
	said := Deed{At: 2 * time.Minute, Kind: Forge, Who: "an outsider", Role: ofAStranger, Times: 1}
	r := named(t, Plan{Seed: 1, Deeds: append(lease(0, time.Minute), said)})
	goesItsRoad(t, r)
	for _, answer := range []string{"Revoked", "InstanceTerminated"} {
		if !has(r.Told, stranger, answer) {
			t.Errorf("nobody said %s of the stranger:\n%s", answer, strings.Join(r.Told, "\n"))
		}
	}
}

// parked counts what a service moved to its dead letters for a newer version. What
// still waits is logged with the same error, but not as one.
func parked(log, service string) (n int) {
	for line := range strings.Lines(log) {
		newer := strings.Contains(line, `"outcome":"newer"`) && strings.Contains(line, event.ErrNewerVersion.Error())
		if newer && strings.Contains(line, `"level":"ERROR"`) && strings.Contains(line, `"service":"`+service+`"`) {
			n++
		}
	}
	return n
}

func TestAnEventOfAFutureVersionIsParkedWithItsReasonAndRedrivenInVain(t *testing.T) {
	said := Deed{At: 3 * time.Minute, Kind: Forge, Who: "an outsider", Role: ofTheFuture, Times: 1}
	// The reaper and the notifier wait 20 times 3 minutes for an upgrade; the
	// provisioner, which may be asked 200 times, still waits when this is over.
	again := Fault{Kind: Redrive, Where: "an operator", At: 90 * time.Minute}
	r := named(t, Plan{Seed: 1, Deeds: append(lease(0, time.Minute), said), Faults: []Fault{again}})
	goesItsRoad(t, r)
	for _, service := range []string{"reaper", "notifier"} {
		if n := parked(r.Log, service); n != 2 {
			t.Errorf("%s was to park it, and once more after the redrive; it was parked %d times", service, n)
		}
		if !has(r.Trace, "redrive powerpole-"+service+": done") {
			t.Errorf("nothing was redriven to %s", service)
		}
	}
}

func TestAScheduleOfThePastEndsNothingTwiceAndHoldsNothingUp(t *testing.T) {
	for _, due := range []string{"WarningDue", "EndDue"} { // who was granted in time gets no StartDue
		t.Run(due, func(t *testing.T) {
			late := Fault{Kind: Delay, Where: "reaper", What: due, By: 5 * time.Hour}
			r := named(t, Plan{Seed: 1, Deeds: lease(0, time.Minute), Faults: []Fault{late}})
			goesItsRoad(t, r)
			if !has(r.Told, " ! ", due) {
				t.Errorf("no %s was late", due)
			}
		})
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
