package slackui_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/powerpole/powerpole/pkg/slackui"
)

func TestAChannelTakesOneMessageASecondAndAnotherDoesNotWaitForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p slackui.Pacer
		start := time.Now()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if err := p.Wait(t.Context(), "C1"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if took := time.Since(start); took != 9*time.Second {
			t.Errorf("10 messages took %v", took)
		}
		for i := range 3000 {
			if err := p.Wait(t.Context(), fmt.Sprint("D", i)); err != nil || time.Since(start) != 9*time.Second {
				t.Fatalf("another channel waited: %v, %v", err, time.Since(start))
			}
		}
	})
}

func TestWhoGivesUpDoesNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p slackui.Pacer
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		start := time.Now()
		for range 2 {
			_ = p.Wait(ctx, "C1")
		}
		if took := time.Since(start); took != time.Millisecond || p.Wait(ctx, "C2") == nil {
			t.Errorf("it waited %v", took)
		}
	})
}
