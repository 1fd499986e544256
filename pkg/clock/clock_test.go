package clock_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/powerpole/powerpole/pkg/clock"
)

func TestTheZeroClockIsTheSystems(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c clock.Clock
		now := time.Now()
		if !c.Now().Equal(now) || c.Since(now) != 0 || c.Until(now) != 0 {
			t.Errorf("at %v it says %v, since that %v, until that %v", now, c.Now(), c.Since(now), c.Until(now))
		}
	})
}

func TestAClockThatIsAheadSaysSoOfEveryMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, ahead := range []time.Duration{clock.Skew, -clock.Skew} {
			c, now := clock.Ahead(ahead), time.Now()
			if got := c.Now().Sub(now); got != ahead {
				t.Errorf("%v ahead: it is ahead by %v", ahead, got)
			}
			if got := c.Since(now.Add(-time.Hour)); got != time.Hour+ahead {
				t.Errorf("%v ahead: an hour ago is %v ago", ahead, got)
			}
			if got := c.Until(now.Add(time.Hour)); got != time.Hour-ahead {
				t.Errorf("%v ahead: in an hour is in %v", ahead, got)
			}
		}
	})
}
