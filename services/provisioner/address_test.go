package provisioner_test

import (
	"testing"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws"
	localec2 "github.com/powerpole/powerpole/deploy/local/aws/ec2"
	"github.com/powerpole/powerpole/pkg/event"
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
		w.id, w.bus.sent = event.NewRequestID(), nil
		w.cloud.after = 0
		w.build()
		w.expireAndRevoke()
		if got := w.terminated(); got == nil || got.Outcome != event.Gone || len(w.standing("")) != 0 {
			t.Errorf("answer %+v, standing %+v", got, w.standing(""))
		}
	})
}

// expireAndRevoke ends the request as the grantor's answer comes a second later.
func (w *world) expireAndRevoke() {
	w.t.Helper()
	time.AfterFunc(time.Second, func() { w.revoke(event.Gone) })
	w.expire(0)
}
