package provisioner_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws"
	localssm "github.com/powerpole/powerpole/deploy/local/aws/ssm"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
)

func TestInstanceIsTerminatedOnceTheAccountIsRevoked(t *testing.T) {
	inBubble(t, slow(), func(t *testing.T, w *world) {
		ready := w.build()
		go w.expire(0)
		time.Sleep(time.Minute)
		if synctest.Wait(); len(w.cloud.asked) != 0 {
			t.Fatal("terminated while the account is there")
		}
		w.revoke(event.Gone)
		got := w.terminated()
		if got == nil || got.Outcome != event.Gone || got.InstanceID != ready.InstanceID || got.How != "seen terminated" {
			t.Fatalf("answer: %+v", got)
		}
		if len(w.standing("")) != 0 {
			t.Error("said to be terminated while it stands")
		}
		w.expire(0)
		w.revoke(event.Gone)
		if len(w.cloud.asked) != 1 {
			t.Errorf("asked %d times", len(w.cloud.asked))
		}
	})
}

func TestInstanceIsTerminatedFiveMinutesAfterTheEndWithoutRevoked(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.build()
		start := time.Now()
		w.expire(0)
		if took := time.Since(start); w.terminated() == nil || took < 5*time.Minute || took > 5*time.Minute+time.Second {
			t.Errorf("answer %+v after %s", w.terminated(), took)
		}
	})
}

func TestSessionsAreEndedAfterTheDrainAndBeforeTheAccountIsRevoked(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		ready := w.build()
		for range 2 {
			_, err := w.aws.SSM.Start(localssm.Start{Target: ready.InstanceID})
			must(t, err)
		}
		go w.expire(30 * time.Second)
		time.Sleep(29 * time.Second)
		if synctest.Wait(); w.live() != 2 {
			t.Fatalf("%d sessions live within the drain", w.live())
		}
		time.Sleep(2 * time.Second)
		if synctest.Wait(); w.live() != 0 {
			t.Fatalf("%d sessions live after the drain", w.live())
		}
		w.revoke(event.Gone)
		if got := w.terminated(); got == nil || got.Sessions != 2 {
			t.Errorf("answer: %+v", got)
		}
	})
}

func TestASessionThatIsStartedAfterTheEndIsEndedWhileTheAccountIsWaitedFor(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		ready := w.build()
		go w.expire(0)
		for range 3 {
			time.Sleep(40 * time.Second)
			_, err := w.aws.SSM.Start(localssm.Start{Target: ready.InstanceID})
			must(t, err)
			time.Sleep(16 * time.Second)
			if synctest.Wait(); w.live() != 0 {
				t.Fatalf("%d sessions are live", w.live())
			}
		}
		w.revoke(event.Gone)
		if got := w.terminated(); got == nil || got.Sessions != 3 {
			t.Errorf("answer: %+v", got)
		}
	})
}

// live counts live sessions on instances.
func (w *world) live() int {
	n := 0
	for _, s := range w.aws.SSM.Sessions() {
		if s.EndedAt.IsZero() {
			n++
		}
	}
	return n
}

func TestSessionsThatCannotBeEndedDoNotKeepTheInstance(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.build()
		w.cloud.noSSM = true
		start := time.Now()
		w.expire(0)
		if w.terminated() == nil || time.Since(start) > 6*time.Minute {
			t.Errorf("answer %+v after %s", w.terminated(), time.Since(start))
		}
	})
}

func TestEndOfAnUnknownRequestIsAnsweredAndNothingIsBuiltLater(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.expire(0)
		if got := w.terminated(); got == nil || got.Outcome != event.None || got.How == "" {
			t.Fatalf("answer: %+v", got)
		}
		w.approve()
		if len(w.cloud.launches) != 0 || len(servicetest.Said[event.InstanceReady](t, w.bus)) != 0 {
			t.Error("built after its end")
		}
		w.expire(0)
		w.terminated()
	})
}

func TestEndFindsALaunchThatNobodyFinished(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.cloud.after = 1
		if err := w.OnApproved(t.Context(), w.approved(w.warrant())); err == nil {
			t.Fatal("the answer was not lost")
		}
		w.cloud.blind = true // eventually consistent
		time.AfterFunc(2*time.Minute, func() {
			w.cloud.mu.Lock()
			defer w.cloud.mu.Unlock()
			w.cloud.blind = false
		})
		w.expire(0)
		if got := w.terminated(); got == nil || got.Outcome != event.Gone || len(w.standing("")) != 0 {
			t.Errorf("answer %+v, standing %+v", got, w.standing(""))
		}
		if len(w.cloud.launches) != 1 {
			t.Error("the end launched again")
		}
	})
}

func TestLaunchThatMadeNothingIsLookedForFiveMinutes(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.cloud.before = 1
		if err := w.OnApproved(t.Context(), w.approved(w.warrant())); err == nil {
			t.Fatal("the call was not cut")
		}
		start := time.Now()
		w.expire(0)
		if took := time.Since(start); took < 5*time.Minute || took > 6*time.Minute {
			t.Errorf("answered after %s", took)
		}
		if got := w.terminated(); got == nil || got.Outcome != event.None {
			t.Errorf("answer: %+v", got)
		}
	})
}

func TestInstanceOfALostRecordIsFoundByItsTag(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.build()
		other := newWorld(t, aws.Options{}) // an empty table on the same EC2
		other.id, other.cloud.Client, other.aws = w.id, w.cloud.Client, w.aws
		other.expire(0)
		if got := other.terminated(); got == nil || got.Outcome != event.Gone || len(w.standing("")) != 0 {
			t.Errorf("answer: %+v", got)
		}
	})
}

// I18: "not found" alone proves nothing.
func TestInstanceThatIsNotFoundIsGoneOnlyAfterTwoLooksTenMinutesApart(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.build()
		w.cloud.blind = true
		start := time.Now()
		time.AfterFunc(time.Second, func() { w.revoke(event.Gone) })
		w.expire(0)
		if took := time.Since(start); took < 10*time.Minute || took > 12*time.Minute {
			t.Errorf("answered after %s", took)
		}
		if got := w.terminated(); got == nil || got.How == "seen terminated" {
			t.Errorf("answer: %+v", got)
		}
	})
}

func TestInstanceThatHidesAndStillRunsIsNotGone(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.build()
		w.cloud.before = 0
		w.cloud.blind = true
		go w.expire(0)
		go w.revoke(event.Gone)
		time.Sleep(9 * time.Minute)
		if synctest.Wait(); w.terminated() != nil {
			t.Fatal("answered without proof")
		}
		w.cloud.mu.Lock()
		w.cloud.blind = false
		w.cloud.mu.Unlock()
		time.Sleep(2 * time.Minute)
		if synctest.Wait(); w.terminated() == nil || w.terminated().How != "seen terminated" {
			t.Errorf("answer: %+v", w.terminated())
		}
	})
}

func TestHintsOfOthersAndOfNothingAreAcknowledged(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		ready := w.build()
		must(t, w.OnInstanceStateChanged(t.Context(), w.hint("i-0123456789abcdef0", "terminated")))
		must(t, w.OnInstanceStateChanged(t.Context(), w.hint(ready.InstanceID, "terminated"))) // a lie
		if n := len(servicetest.Said[event.InstanceLost](t, w.bus)); n != 0 {
			t.Error("a hint was believed")
		}
	})
}

func TestHintMakesABastionReadyBeforeThePollDoes(t *testing.T) {
	inBubble(t, slow(), func(t *testing.T, w *world) {
		if _, later := bus.IsLater(w.OnApproved(t.Context(), w.approved(w.warrant()))); !later {
			t.Fatal("it does not poll")
		}
		id := w.standing("")[0].ID
		must(t, w.OnInstanceStateChanged(t.Context(), w.hint(id, "pending")))
		time.Sleep(14 * time.Second)
		must(t, w.OnInstanceStateChanged(t.Context(), w.hint(id, "running")))
		if len(servicetest.Said[event.InstanceReady](t, w.bus)) != 1 {
			t.Error("the hint did not help")
		}
	})
}

func TestBastionThatGoesByItselfIsLostOnceAndAnsweredForAllTheSame(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		ready := w.build()
		must(t, w.aws.EC2.Kill(ready.InstanceID))
		must(t, w.OnInstanceStateChanged(t.Context(), w.hint(ready.InstanceID, "terminated")))
		must(t, w.OnInstanceStateChanged(t.Context(), w.hint(ready.InstanceID, "terminated")))
		lost := servicetest.Said[event.InstanceLost](t, w.bus)
		if len(lost) != 1 || w.bus.Count("InstanceLost") != 1 || lost[0].InstanceID != ready.InstanceID {
			t.Fatalf("lost: %+v", lost)
		}
		w.expireAndRevoke()
		if got := w.terminated(); got == nil || got.Outcome != event.Gone {
			t.Errorf("answer: %+v", got)
		}
	})
}

func TestBastionThatIsBeingEndedIsNotLost(t *testing.T) {
	inBubble(t, slow(), func(t *testing.T, w *world) {
		ready := w.build()
		w.expireAndRevoke()
		must(t, w.OnInstanceStateChanged(t.Context(), w.hint(ready.InstanceID, "terminated")))
		if n := len(servicetest.Said[event.InstanceLost](t, w.bus)); n != 0 {
			t.Error("our own termination was taken for a loss")
		}
	})
}

func TestTerminationThatHadNoEffectIsAskedForAgain(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.build()
		w.cloud.deaf = 1
		w.expireAndRevoke()
		if got := w.terminated(); got == nil || len(w.standing("")) != 0 || len(w.cloud.asked) != 2 {
			t.Errorf("answer %+v, asked for %q", got, w.cloud.asked)
		}
	})
}

func TestEndIsOnRecordEvenWhileALaunchIsLookedFor(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.cloud.before = 1
		approved := w.approved(w.warrant())
		if err := w.OnApproved(t.Context(), approved); err == nil {
			t.Fatal("the call was not cut")
		}
		if _, later := bus.IsLater(w.OnExpired(t.Context(), w.expired(0))); !later {
			t.Fatal("it does not look for the launch")
		}
		if _, later := bus.IsLater(w.OnApproved(t.Context(), approved)); !later || len(w.cloud.launches) != 0 {
			t.Error("launched after its end")
		}
	})
}

func TestLaunchIsAlsoFoundByItsTag(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.cloud.after, w.cloud.blindTo = 1, "client-token"
		if err := w.OnApproved(t.Context(), w.approved(w.warrant())); err == nil {
			t.Fatal("the answer was not lost")
		}
		start := time.Now()
		w.expireAndRevoke()
		if got := w.terminated(); got == nil || got.Outcome != event.Gone || time.Since(start) > time.Minute {
			t.Errorf("answer %+v after %s", got, time.Since(start))
		}
	})
}

func TestInstanceThatOnlyItsTagStillShowsIsNotGone(t *testing.T) {
	inBubble(t, slow(), func(t *testing.T, w *world) {
		w.build()
		w.cloud.blindTo, w.cloud.deaf = "id", 1000
		go w.revoke(event.Gone)
		go w.expire(0)
		time.Sleep(20 * time.Minute)
		if synctest.Wait(); w.terminated() != nil {
			t.Fatalf("it runs, and was said to be gone: %+v", w.terminated())
		}
	})
}

func TestRevokedOfAnUnknownRequestIsNothingToLookAfter(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.revoke(event.Gone)
		r, err := w.table.Load(t.Context(), w.id)
		must(t, err)
		if r.Version == 0 || r.State.Live() {
			t.Errorf("every sweep would look after it: %+v", r.State)
		}
	})
}
