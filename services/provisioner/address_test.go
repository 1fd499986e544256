package provisioner_test

import (
	"testing"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws"
	localec2 "github.com/powerpole/powerpole/deploy/local/aws/ec2"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/provisioner"
)

func reusing() aws.Options {
	return aws.Options{EC2: localec2.Options{ReuseAddresses: true}}
}

func TestAddressOfAnAccountNotProvenGoneIsNeverHandedOutAgain(t *testing.T) {
	for name, test := range map[string]struct {
		revoked event.Outcome
		taken   bool
	}{
		"not revoked": {"", true},
		"parked":      {event.Parked, true},
		"gone":        {event.Gone, false},
		"none":        {event.None, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, reusing(), func(t *testing.T, w *world) {
				before := w.build()
				w.expire(0)
				if test.revoked != "" {
					w.revoke(test.revoked)
				}
				if w.terminated() == nil {
					t.Fatal("the first bastion still stands")
				}
				w.id = event.NewRequestID()
				after := w.build()
				if same := before.PrivateIP == after.PrivateIP; same == test.taken {
					t.Errorf("%s, then %s", before.PrivateIP, after.PrivateIP)
				}
				if standing := w.standing(""); len(standing) != 1 || standing[0].ID != after.InstanceID {
					t.Errorf("standing when ready: %+v", standing)
				}
			})
		})
	}
}

func TestInstanceWithATakenAddressIsEndedWithItsRequest(t *testing.T) {
	inBubble(t, reusing(), func(t *testing.T, w *world) {
		w.build()
		w.expire(0) // five minutes without Revoked
		w.id = event.NewRequestID()
		w.bus.Forget()
		w.cloud.after = 0
		w.build()
		w.expireAndRevoke()
		if got := w.terminated(); got == nil || got.Outcome != event.Gone || len(w.standing("")) != 0 {
			t.Errorf("answer %+v, standing %+v", got, w.standing(""))
		}
	})
}

func TestInstanceWithATakenAddressIsEndedEvenWhereEC2DoesNotShowItYet(t *testing.T) {
	o := reusing()
	o.EC2.DescribeLag = 4 * time.Second
	inBubble(t, o, func(t *testing.T, w *world) {
		w.build()
		w.expire(0) // five minutes without Revoked
		w.id = event.NewRequestID()
		after := w.build()
		if standing := w.standing(""); len(standing) != 1 || standing[0].ID != after.InstanceID {
			t.Errorf("standing when ready: %+v", standing)
		}
	})
}

func TestReplacedInstanceWhoseEndEC2ForgotIsAskedForAgainByASweep(t *testing.T) {
	inBubble(t, reusing(), func(t *testing.T, w *world) {
		w.build()
		w.expire(0) // five minutes without Revoked
		w.id = event.NewRequestID()
		w.cloud.deaf = 1
		after := w.build()
		if n := len(w.standing("")); n != 2 {
			t.Fatalf("%d instances stand, want the one that was forgotten too", n)
		}
		time.Sleep(5 * time.Minute)
		w.sweep()
		if standing := w.standing(""); len(standing) != 1 || standing[0].ID != after.InstanceID {
			t.Errorf("standing while the lease lasts: %+v", standing)
		}
	})
}

func TestReplacedInstanceWhoseEndWasCutOffIsAskedForAgainAndHoldsNothingUp(t *testing.T) {
	inBubble(t, reusing(), func(t *testing.T, w *world) {
		w.build()
		w.expire(0) // five minutes without Revoked
		w.id = event.NewRequestID()
		w.cloud.deaf = 1
		after := w.build()
		time.Sleep(5 * time.Minute)
		w.cloud.before = 1
		w.sweep()
		if n := len(w.standing("")); n != 2 {
			t.Fatalf("%d instances stand, the sweep's call was not cut off", n)
		}
		must(t, w.OnInstanceStateChanged(t.Context(), w.hint(after.InstanceID, "running")))
		w.sweep()
		if standing := w.standing(""); len(standing) != 1 || standing[0].ID != after.InstanceID {
			t.Errorf("standing while the lease lasts: %+v", standing)
		}
	})
}

// expireAndRevoke ends the request as the grantor's answer comes a second later.
func (w *world) expireAndRevoke() {
	w.t.Helper()
	time.AfterFunc(time.Second, func() { w.revoke(event.Gone) })
	w.expire(0)
}

func TestSubnetFullOfTakenAddressesFailsTheRequest(t *testing.T) {
	inBubble(t, reusing(), func(t *testing.T, w *world) {
		for range 5 {
			w.build()
			w.expire(0) // five minutes without Revoked
			w.id = event.NewRequestID()
			w.bus.Forget()
		}
		w.approve()
		w.wantFailed("no-address")
		w.expireAndRevoke()
		if got := w.terminated(); got == nil || len(w.standing("")) != 0 {
			t.Errorf("answer %+v, standing %+v", got, w.standing(""))
		}
	})
}

func TestEndThatMeetsAnUnfinishedReplacementStillWaitsForRevoked(t *testing.T) {
	inBubble(t, reusing(), func(t *testing.T, w *world) {
		w.build()
		w.expire(0)
		w.id = event.NewRequestID()
		w.bus.Forget()
		w.cloud.skip, w.cloud.before = 2, 1 // both launches get through
		if err := w.OnApproved(t.Context(), w.approved(w.warrant())); err == nil {
			t.Fatal("the termination was not cut")
		}
		asked := len(w.cloud.asked)
		if _, later := bus.IsLater(w.OnExpired(t.Context(), w.expired(0))); !later {
			t.Fatal("it does not wait for Revoked")
		}
		if standing := w.standing(w.id); len(standing) != 1 || len(w.cloud.asked) != asked+1 {
			t.Errorf("standing %+v, want the bastion and not the one it replaced", standing)
		}
		w.revoke(event.Gone)
		if w.terminated() == nil || len(w.standing("")) != 0 {
			t.Error("not ended")
		}
	})
}

func TestUnfinishedReplacementIsNotTakenForTheInstanceItReplaces(t *testing.T) {
	inBubble(t, reusing(), func(t *testing.T, w *world) {
		w.build()
		w.expire(0)
		w.id = event.NewRequestID()
		w.bus.Forget()
		w.cloud.skip, w.cloud.before = 1, 1 // the second launch is cut
		if err := w.OnApproved(t.Context(), w.approved(w.warrant())); err == nil {
			t.Fatal("the launch was not cut")
		}
		w.expireAndRevoke()
		r, err := w.table.Load(t.Context(), w.id)
		must(t, err)
		if l := r.State.Launches; len(l) != 2 || l[1].Outcome != provisioner.Nothing || len(w.standing("")) != 0 {
			t.Errorf("launches: %+v", l)
		}
	})
}
