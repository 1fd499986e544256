package provisioner_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
)

// S6 and S7, with I17: whatever order and repetition the events of a request
// come in, and whatever call is cut, before or after its effect.
func TestAnyOrderAndRepetitionEndsInOneAnswerAndNoInstance(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Options{})
	rapid.Check(t, func(rt *rapid.T) {
		w.id = event.NewRequestID()
		w.bus.Forget()
		kinds := rapid.Permutation([]string{
			"approved", "expired", "revoked", "hint", "approved", "expired", "revoked", "hint",
		}).Draw(rt, "order")
		handle := w.handlers()
		for _, kind := range kinds {
			w.cloud.before = max(0, rapid.IntRange(-6, 1).Draw(rt, "cut before"))
			w.cloud.after = max(0, rapid.IntRange(-6, 1).Draw(rt, "cut after"))
			w.bus.SetDown(rapid.IntRange(0, 9).Draw(rt, "luck") == 0)
			_ = handle[kind]() // comes back below, whatever it said
		}
		w.cloud.before, w.cloud.after = 0, 0
		w.bus.SetDown(false)
		for _, kind := range kinds {
			err := handle[kind]()
			if _, later := bus.IsLater(err); err != nil && !later {
				rt.Fatalf("%s, delivered again: %v", kind, err)
			}
		}
		w.wantOneEnd(rt)
	})
}

// wantOneEnd waits with what looks for an unmade launch for five minutes: there
// nothing may stand and nobody may have been told of anything.
func (w *world) wantOneEnd(rt *rapid.T) {
	r, err := w.table.Load(w.t.Context(), w.id)
	must(w.t, err)
	answers := servicetest.Said[event.InstanceTerminated](w.t, w.bus)
	looking := r.Claim != nil && r.Claim.Name == "launch"
	if looking != (len(answers) == 0) || len(answers) > 1 {
		rt.Fatalf("%d answers: %+v, record %+v", len(answers), answers, r.State)
	}
	if standing := w.standing(w.id); len(standing) != 0 {
		rt.Fatalf("standing: %+v", standing)
	}
	if ready := servicetest.Said[event.InstanceReady](w.t, w.bus); len(ready) > 1 || len(ready) == 1 && answers[0].Outcome != event.Gone {
		rt.Fatalf("ready %+v, answer %+v", ready, answers)
	}
	made := 0
	for _, i := range w.aws.EC2.Instances() {
		if i.Tags["powerpole:request"] == w.id {
			made++
		}
	}
	if made > 1 {
		rt.Fatalf("%d instances", made)
	}
}

func (w *world) handlers() map[string]func() error {
	ctx := w.t.Context()
	approved, expired, revoked := w.approved(w.warrant()), w.expired(0), w.revoked(event.Gone)
	return map[string]func() error{
		"approved": func() error { return w.OnApproved(ctx, approved) },
		"expired":  func() error { return w.OnExpired(ctx, expired) },
		"revoked":  func() error { return w.OnRevoked(ctx, revoked) },
		"hint": func() error {
			for _, i := range w.aws.EC2.Instances() {
				if i.Tags["powerpole:request"] == w.id {
					return w.OnInstanceStateChanged(ctx, w.hint(i.ID, string(i.State)))
				}
			}
			return nil
		},
	}
}
