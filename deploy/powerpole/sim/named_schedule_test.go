// Histories of schedules that fire late, never, or would be of the past when they
// are made: I20.

//go:build sim && !race

package sim

import (
	"context"
	"slices"
	"testing"
	"time"
)

func TestAScheduleThatFiresHoursLateOrNeverEndsNothingTwiceAndHoldsNothingUp(t *testing.T) {
	for _, due := range []string{"WarningDue", "EndDue"} { // who was granted in time gets no StartDue
		for _, fault := range []Fault{{Kind: Delay, By: 5 * time.Hour}, {Kind: Never}} {
			t.Run(due+" "+string(fault.Kind), func(t *testing.T) {
				fault.Where, fault.What = "reaper", due
				r := named(t, Plan{Seed: 1, Deeds: lease(0, time.Minute), Faults: []Fault{fault}})
				goesItsRoad(t, r)
				if !has(r.Told, " ! ", due) {
					t.Errorf("no %s was late", due)
				}
				end := when(t, r, "Granted") + 15*time.Minute
				if at := when(t, r, "Expired"); at < end-grantTakes || at > end+2*sweepEvery {
					t.Errorf("it ended at %s, its end was %s", at, end)
				}
				if last := when(t, r, "Reaped"); timeOf(r.Told[len(r.Told)-1]) > last+time.Minute {
					t.Errorf("something happened after %s:\n%s", last, r.Told[len(r.Told)-1])
				}
			})
		}
	}
}

// startBy is when the one lease of these histories must have begun, for which
// everybody waits two minutes more: it is approved after two minutes.
const startBy = 2*time.Minute + 10*time.Minute

func TestALeaseThatIsNeverGrantedEndsThoughItsStartIsCheckedHoursLate(t *testing.T) {
	grantor := Fault{Kind: Down, Where: "grantor", At: 90 * time.Second, For: 3 * time.Hour}
	provisioner := Fault{Kind: Down, Where: "provisioner", At: 2*time.Minute + 10*time.Second, For: 3 * time.Hour}
	agent := Fault{Kind: NoAgent, Where: "ec2", At: 90 * time.Second, For: 3 * time.Hour}
	unheard := Fault{Kind: Delay, Where: "reaper", What: "ProvisionFailed", By: 3 * time.Hour}
	for name, stuck := range map[string][]Fault{
		"the grantor is stopped":                      {grantor},
		"the provisioner is stopped":                  {provisioner},
		"no session can start, and that is told late": {agent, unheard},
	} {
		for _, late := range []Fault{{Kind: Delay, By: 5 * time.Hour}, {Kind: Never}} {
			t.Run(name+", StartDue "+string(late.Kind), func(t *testing.T) {
				late.Where, late.What = "reaper", "StartDue"
				r := named(t, Plan{Seed: 1, Deeds: lease(0, time.Minute), Faults: append(stuck, late)})
				if !has(r.Told, " ! ", "StartDue") {
					t.Error("StartDue was not late")
				}
				endsUngranted(t, r, startBy+2*time.Minute+2*sweepEvery)
				if last := r.Told[len(r.Told)-1]; timeOf(last) > 4*time.Hour {
					t.Errorf("what came hours late did something: %s", last)
				}
			})
		}
	}
}

func TestALeaseOfWhichNoSessionCanStartEndsByItsProvisionersOwnLimit(t *testing.T) {
	agent := Fault{Kind: NoAgent, Where: "ec2", At: 90 * time.Second, For: 3 * time.Hour}
	r := named(t, Plan{Seed: 1, Deeds: lease(0, time.Minute), Faults: []Fault{agent}})
	if at := when(t, r, "ProvisionFailed"); at < startBy || at > startBy+time.Minute {
		t.Errorf("the provisioner gave up at %s, its limit was %s", at, startBy)
	}
	endsUngranted(t, r, startBy+time.Minute)
	if gone := when(t, r, "- instance"); gone > when(t, r, "Expired")+instanceBound {
		t.Errorf("the instance was there until %s", gone)
	}
}

// endsUngranted says that the one lease of a history never had an account, and
// ended in time and once.
func endsUngranted(t *testing.T, r Result, latest time.Duration) {
	t.Helper()
	if at := when(t, r, "Expired"); at > latest {
		t.Errorf("it ended at %s, want %s at the latest", at, latest)
	}
	if has(r.Told, "Granted") || has(r.Told, "+ account") {
		t.Error("there was an account")
	}
	if receipts := said(r, "Reaped"); len(receipts) != 1 {
		t.Errorf("want one receipt, got %q", receipts)
	}
}

// down is a service that is stopped from one moment to another.
func down(service string, from, to time.Duration) Fault {
	return Fault{Kind: Down, Where: service, At: from, For: to - from}
}

func TestALeaseWhoseStopsWouldAllBeOfThePastEndsAtOnce(t *testing.T) {
	const back = 50 * time.Minute // long after the end
	for name, test := range map[string]struct {
		deeds []Deed
		fault Fault
		ends  string
		// none are the schedules that there must not have been.
		none []string
	}{
		"Granted waits until the lease is over": {
			fault: down("reaper", 2*time.Minute+10*time.Second, back), ends: "Reaped", none: []string{"warn", "end"},
		},
		"Extended waits until the lease is over": {
			deeds: []Deed{{At: 8 * time.Minute, Kind: Extend, Who: "U0TARO", Request: 0, Length: "15m", Times: 1}},
			fault: down("reaper", 7*time.Minute, back), ends: "ExtensionRefused", none: []string{"end-3", "warn-3"},
		},
		"Approved waits until nothing may begin": {
			fault: down("reaper", 90*time.Second, back), ends: "Reaped", none: []string{"start", "warn", "end"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := named(t, Plan{Seed: 1, Deeds: append(lease(0, time.Minute), test.deeds...), Faults: []Fault{test.fault}})
			for _, kind := range test.none {
				if has(r.Told, "+ schedule", "-"+kind) {
					t.Errorf("a schedule of the past was made: %s", kind)
				}
			}
			for _, what := range []string{"Expired", test.ends} {
				if at := when(t, r, what); at < back || at > back+time.Minute {
					t.Errorf("%s at %s, the reaper was back at %s", what, at, back)
				}
			}
			if receipts := said(r, "Reaped"); len(receipts) != 1 {
				t.Errorf("want one receipt, got %q", receipts)
			}
			for _, account := range of(r.Told, "- account") {
				if at := timeOf(account); at > back+accountBound {
					t.Errorf("the account was there until %s", at)
				}
			}
			if len(of(r.Told, "- account")) != len(of(r.Told, "+ account")) {
				t.Error("the account is still there")
			}
		})
	}
}

func TestARequestWhosePendingLimitWouldBeOfThePastLapsesAtOnce(t *testing.T) {
	const back = 3 * time.Hour // the pending limit is two hours
	crash := Fault{Kind: CrashBefore, Where: "approval", What: "scheduler POST", By: back - time.Minute}
	r := named(t, Plan{Seed: 1, Deeds: lease(0, time.Minute), Faults: []Fault{crash}})
	if at := when(t, r, "Lapsed"); at < back || at > back+time.Minute {
		t.Errorf("it lapsed at %s, approval was back at %s", at, back)
	}
	if has(r.Told, "+ schedule") || has(r.Told, "Approved") || has(r.Told, "+ instance") {
		t.Error("something came of it")
	}
}

func TestAnApprovalTooLateForAStopInTheSchedulerEndsBeforeThereIsAnAccount(t *testing.T) {
	// The reaper hears of it so late that the start's stop is due in some seconds,
	// and the scheduler has its call only when that is past.
	late := Fault{Kind: Delay, Where: "reaper", What: "Approved", By: startBy + 48*time.Second - 2*time.Minute}
	slow := Fault{Kind: Slow, Where: "reaper", What: "scheduler POST", By: 15 * time.Second}
	r := named(t, Plan{Seed: 1, Deeds: lease(0, time.Minute), Faults: []Fault{late, slow}})
	if !has(r.Told, " ! ", "scheduler POST") || has(r.Told, "+ schedule", "-start-") {
		t.Error("the scheduler took it")
	}
	if has(r.Told, "Armed") {
		t.Error("the reaper says that a stop is armed")
	}
	endsUngranted(t, r, startBy+2*time.Minute)
}

func TestWhatComesAgainWhenNothingMayBeginAnyMoreEndsNothing(t *testing.T) {
	again := func(ctx context.Context, w *world, _ string) error {
		for _, service := range services {
			w.again(ctx, service)
		}
		return nil
	}
	deeds := lease(0, time.Minute)
	once := named(t, Plan{Seed: 1, Deeds: deeds})
	r := named(t, Plan{Seed: 1, Deeds: append(deeds, forges(startBy+3*time.Minute, "nothing new", again))})
	goesItsRoad(t, r)
	if got, want := kinds(r), kinds(once); !slices.Equal(got, want) {
		t.Errorf("said was %q, want %q", got, want)
	}
	lasts(t, r)
}
