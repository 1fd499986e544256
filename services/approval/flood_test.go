package approval_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	localslack "github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/pkg/event"
)

func TestAFloodOfRequestsReachesTheChannelOneASecondAndLosesNone(t *testing.T) {
	t.Parallel()
	const many, workers = 120, 10
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		queue := make(chan event.Typed[event.RequestCreated], many)
		for i := range many {
			user := fmt.Sprintf("U0P%03d", i)
			b.slack.SetUser(localslack.User{ID: user, RealName: user, Email: user + "@nimbus.example"})
			queue <- b.request(t, ask(func(a *event.Ask) { a.Requester = someone(user) }))
		}
		close(queue)
		var all sync.WaitGroup
		for range workers {
			all.Go(func() {
				for e := range queue {
					if err := b.OnRequestCreated(t.Context(), e); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		posted := b.messages()
		if len(posted) != many {
			t.Fatalf("%d of %d messages were posted", len(posted), many)
		}
		for i := range posted[1:] {
			if apart := localslack.TimeOf(posted[i+1].TS).Sub(localslack.TimeOf(posted[i].TS)); apart < time.Second-time.Millisecond {
				t.Errorf("messages %d and %d are %v apart", i, i+1, apart)
			}
		}
	})
}
