package reaper_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
)

func TestApprovedArmsTheStartBeforeAnybodyGetsAnAccount(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		now := time.Now()
		w.approve(time.Hour)
		armed := servicetest.Said[event.Armed](t, w.bus)
		if len(armed) != 1 || armed[0].Stop != "start" || !armed[0].At.Equal(now.Add(12*time.Minute)) || armed[0].Generation != 1 {
			t.Fatalf("armed: %+v", armed)
		}
		if names, _ := w.clock.List(t.Context(), w.id); !slices.Equal(names, []string{w.id + "-start-1"}) {
			t.Errorf("said armed, but in the scheduler is %q", names)
		}
	})
}

func TestLeaseIsWarnedOfAndEndsAtItsExactEnd(t *testing.T) {
	for name, test := range map[string]struct{ length, warning time.Duration }{
		"long":                {time.Hour, 50 * time.Minute},
		"short":               {20 * time.Minute, 16 * time.Minute},
		"of odd seconds":      {41*time.Minute + 17*time.Second, 33*time.Minute + 1*time.Second + 600*time.Millisecond},
		"end is too near":     {100 * time.Second, 80 * time.Second},
		"of seconds":          {10 * time.Second, 8 * time.Second},
		"warning is too near": {3 * time.Minute, 144 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.approve(test.length)
				time.Sleep(37 * time.Second)
				start := time.Now()
				w.grant(test.length)
				end := start.Add(test.length)
				w.wantArmed(end)

				time.Sleep(time.Until(start.Add(test.warning)) - time.Second)
				if synctest.Wait(); w.bus.Count("Expiring") != 0 {
					t.Fatal("warned too early")
				}
				time.Sleep(2 * time.Second)
				w.wantWarning(end)

				time.Sleep(time.Until(end) - 100*time.Millisecond)
				if synctest.Wait(); w.expired() != nil {
					t.Fatal("ended too early")
				}
				time.Sleep(1100 * time.Millisecond)
				synctest.Wait()
				if x := w.expired(); x == nil || x.Cause != event.ByTime || x.Drain.Std() != 30*time.Second {
					t.Fatalf("a second after its end: %+v", x)
				}
			})
		})
	}
}

func TestMomentTooNearForTheSchedulerIsWaitedOutInSteps(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.approve(156 * time.Second)
		time.Sleep(54*time.Second - time.Duration(time.Now().Second())*time.Second)
		start := time.Now()
		w.grant(156 * time.Second)
		if names, _ := w.clock.List(t.Context(), w.id+"-warn"); len(names) != 0 {
			t.Fatalf("the scheduler has %q", names)
		}
		time.Sleep(127 * time.Second)
		w.wantWarning(start.Add(156 * time.Second))
		time.Sleep(30 * time.Second)
		if x := w.expired(); x == nil || x.EndedAt.Before(start.Add(156*time.Second)) {
			t.Errorf("ended as %+v", x)
		}
	})
}

func (w *world) wantArmed(end time.Time) {
	w.t.Helper()
	armed := servicetest.Said[event.Armed](w.t, w.bus)
	last := armed[len(armed)-1]
	if last.Stop != "end" || last.At.Sub(end).Abs() > time.Millisecond {
		w.t.Fatalf("armed for %+v, want the end %s", last, end)
	}
}

func (w *world) wantWarning(end time.Time) {
	w.t.Helper()
	synctest.Wait()
	warnings := servicetest.Said[event.Expiring](w.t, w.bus)
	if len(warnings) != 1 || warnings[0].ExpiresAt.Sub(end).Abs() > time.Millisecond {
		w.t.Fatalf("warned of %s: %+v", end, warnings)
	}
	if left := warnings[0].Left.Std(); left <= 0 || left > 10*time.Minute {
		w.t.Errorf("%s are left", left)
	}
}

func TestLeaseNeverLastsPastEndBy(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		approved := w.approved(4 * time.Hour)
		w.deliver(func() error { return w.OnApproved(t.Context(), approved) })
		time.Sleep(11*time.Minute + 30*time.Second) // within the tolerance of start_by
		w.grant(4 * time.Hour)
		w.wantArmed(approved.Data.EndBy)
	})
}

func TestRequestWithoutAnAccountByTheStartLimitEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.approve(time.Hour)
		time.Sleep(11*time.Minute + 59*time.Second)
		if synctest.Wait(); w.expired() != nil {
			t.Fatal("ended too early")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if x := w.expired(); x == nil || x.Cause != event.ByFailure || x.Reason == "" {
			t.Fatalf("after the start limit: %+v", x)
		}
		w.grant(time.Hour)
		if got := w.bus.Count("Armed"); got != 1 {
			t.Errorf("a late Granted armed %d more stops", got-1)
		}
	})
}

func TestClockThatIsBehindDelaysAnEndByTwoMinutesAtMost(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.approve(time.Hour)
		w.grant(time.Hour)
		e := typed(w, event.EndDue{Generation: 2}) // fired 40 minutes early by our clock
		time.Sleep(20 * time.Minute)
		w.deliver(func() error { return w.OnEndDue(t.Context(), e) })
		if x := w.expired(); x == nil || time.Now().After(x.EndedAt.Add(time.Second)) {
			t.Fatalf("the scheduler's word was not taken within two minutes: %+v", x)
		}
	})
}

func TestDueMessageOfAnOlderGenerationIsIgnored(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.approve(time.Hour)
		w.grant(time.Hour)
		w.extend(2 * time.Hour)
		for _, e := range []event.EndDue{{Generation: 1}, {Generation: 2}, {Generation: 9}} {
			must(t, w.OnEndDue(t.Context(), typed(w, e)))
		}
		must(t, w.OnStartDue(t.Context(), typed(w, event.StartDue{Generation: 1})))
		must(t, w.OnWarningDue(t.Context(), typed(w, event.WarningDue{Generation: 2})))
		time.Sleep(90 * time.Minute)
		if x := w.expired(); x != nil {
			t.Fatalf("an old stop ended it: %+v", x)
		}
	})
}

func TestDueMessageOfAnUnknownRequestOpensNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		must(t, w.OnStartDue(t.Context(), typed(w, event.StartDue{Generation: 1})))
		if r, err := w.table.Load(t.Context(), w.id); err != nil || r.Version != 0 {
			t.Errorf("a record of version %d, %v", r.Version, err)
		}
	})
}

func TestApprovedThatComesAgainWhenNothingMayBeginEndsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		approved := w.approved(time.Hour)
		w.deliver(func() error { return w.OnApproved(t.Context(), approved) })
		w.grant(time.Hour)
		time.Sleep(20 * time.Minute)
		must(t, w.OnApproved(t.Context(), approved))
		if x := w.expired(); x != nil {
			t.Fatalf("a lease that runs was ended: %+v", x)
		}
	})
}

func TestApprovedTooLateForAStopInTheSchedulerEndsTheLeaseUnarmed(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		approved := w.approved(time.Hour)
		time.Sleep(11*time.Minute + 30*time.Second) // within the tolerance of start_by
		must(t, w.OnApproved(t.Context(), approved))
		if x := w.expired(); x == nil || x.Cause != event.ByFailure || x.Reason == "" {
			t.Fatalf("ended as %+v", x)
		}
		if n := w.bus.Count("Armed"); n != 0 {
			t.Errorf("said armed %d times", n)
		}
	})
}

func TestGrantedOfWhatNobodyApprovedEndsItAndArmsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		must(t, w.OnGranted(t.Context(), w.granted(1000*time.Hour)))
		if x := w.expired(); x == nil || x.Cause != event.ByHardStop || x.Reason == "" {
			t.Fatalf("ended as %+v", x)
		}
		if len(w.clock.made) != 0 || w.bus.Count("Armed") != 0 {
			t.Errorf("armed was %q", w.clock.made)
		}
	})
}

func TestAnswersOfAnUnknownRequestAreNothingToLookAfter(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		must(t, w.OnRevoked(t.Context(), w.revoked()))
		must(t, w.OnInstanceTerminated(t.Context(), w.terminated()))
		if w.state().Live() {
			t.Error("every sweep would look after it")
		}
		must(t, w.OnReleased(t.Context(), typed(w, event.Released{Why: "done"})))
		if n := w.bus.Count("Reaped"); n != 1 || w.state().Live() {
			t.Errorf("%d receipts once it has ended", n)
		}
	})
}
