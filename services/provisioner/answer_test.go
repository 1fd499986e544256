package provisioner_test

import (
	"testing"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
)

func TestAReaperThatAsksAgainIsGivenTheSameAnswerOncePerQuestion(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.build()
		w.expire(0)
		w.revoke(event.Gone)
		first := *w.terminated()
		time.Sleep(5 * time.Minute)
		again := w.expired(0)
		again.ID = event.ID("test", "Expired", w.id, "asked again")
		for range 2 { // the second is only delivered again
			w.deliver(func() error { return w.OnExpired(t.Context(), again) })
		}
		answers := servicetest.Said[event.InstanceTerminated](t, w.bus)
		if len(answers) != 2 || answers[0] != first || answers[1] != first {
			t.Errorf("answers: %+v", answers)
		}
		if len(w.cloud.asked) != 1 {
			t.Errorf("EC2 was asked %d times to terminate", len(w.cloud.asked))
		}
	})
}
