package notifier_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/powerpole/powerpole/pkg/service/servicetest"
)

// TestADeathAtAnyCallLeavesOneMessageThatIsRight kills the notifier at every
// call that it makes, before and after the call's effect. A placeholder whose
// answer was lost may stay; it says nothing.
func TestADeathAtAnyCallLeavesOneMessageThatIsRight(t *testing.T) {
	t.Parallel()
	for _, step := range []int{0, 1, 5, 8, 9} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("step %d after %v", step, after), func(t *testing.T) {
				t.Parallel()
				for n, reached := 1, true; reached; n++ {
					synctest.Test(t, func(t *testing.T) { reached = dieOnce(t, step, n, after) })
					if n > 100 {
						t.Fatal("the road has no end")
					}
				}
			})
		}
	}
}

func dieOnce(t *testing.T, step, n int, after bool) (reached bool) {
	m := &servicetest.Mortal{}
	b := setupMortal(t, m)
	where := fmt.Sprintf("call %d of step %d, after: %v", n, step, after)
	for i, handle := range b.heard(t) {
		if i == step {
			reached = servicetest.Deliver(t, m, n, after, handle)
		} else {
			servicetest.Deliver(t, m, 0, false, handle)
		}
		if i == 7 && !strings.Contains(b.last(), "Canary") {
			t.Errorf("%s: the credentials are not shown: %s", where, b.last())
		}
	}
	all := b.direct("U0EMMA")
	if len(all) > 2 || len(all) == 2 && (all[0].Blocks != nil || !strings.Contains(all[0].Text, "has arrived")) {
		t.Errorf("%s: %d messages: %+v", where, len(all), all)
	}
	if !strings.Contains(b.last(), "Your access has ended") || strings.Contains(b.last(), "Canary") {
		t.Errorf("%s: the message says %s", where, b.last())
	}
	if lines := b.slack.Messages("U0HANAKO", "C0SHOPDB"); len(lines) != 1 {
		t.Errorf("%s: the channel was told %d times", where, len(lines))
	}
	return reached
}

// last is the newest direct message of Emma's.
func (b *bundle) last() string {
	all := b.direct("U0EMMA")
	return string(all[len(all)-1].Blocks)
}
