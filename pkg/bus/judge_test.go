package bus

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	why := errors.New("why")
	newer := fmt.Errorf("v9: %w", event.ErrNewerVersion)
	cases := map[string]struct {
		err     error
		last    bool
		action  action
		reason  Reason
		after   time.Duration
		backoff bool
	}{
		"nil is acknowledged":                      {nil, false, acknowledge, Handled, 0, false},
		"nil is acknowledged at the limit":         {nil, true, acknowledge, Handled, 0, false},
		"what concerns nobody is acknowledged":     {&skipError{Unknown, ""}, true, acknowledge, Unknown, 0, false},
		"an error comes back with backoff":         {why, false, comeBack, Failed, 0, true},
		"an error at the limit is parked":          {why, true, park, Limit, 0, false},
		"later comes back":                         {Later(time.Minute, why), false, comeBack, Asked, time.Minute, false},
		"a wrapped later comes back":               {fmt.Errorf("x: %w", Later(1, why)), false, comeBack, Asked, 1, false},
		"later at the limit is parked":             {Later(time.Minute, why), true, park, Limit, 0, false},
		"on record comes back with backoff":        {OnRecord(why), false, comeBack, Failed, 0, true},
		"on record comes back as late as it says":  {OnRecord(Later(time.Minute, why)), false, comeBack, Asked, time.Minute, false},
		"on record at the limit is left":           {fmt.Errorf("x: %w", OnRecord(Later(1, why))), true, acknowledge, Left, 0, false},
		"on record and terminal is parked":         {OnRecord(Terminal(why)), true, park, Refused, 0, false},
		"terminal is parked":                       {Terminal(why), false, park, Refused, 0, false},
		"a joined terminal is parked":              {errors.Join(why, Terminal(why)), false, park, Refused, 0, false},
		"the outermost outcome counts: later":      {Later(1, Terminal(why)), false, comeBack, Asked, 1, false},
		"the outermost outcome counts: terminal":   {Terminal(Later(1, why)), false, park, Refused, 0, false},
		"malformed is parked":                      {Terminal(event.ErrMalformed), false, park, Malformed, 0, false},
		"a newer version waits":                    {Later(newerWait, newer), false, comeBack, Newer, newerWait, false},
		"a newer version is parked as such":        {Later(newerWait, newer), true, park, Newer, 0, false},
		"a panic comes back with backoff":          {panicError("x"), false, comeBack, Panicked, 0, true},
		"a timeout comes back with backoff":        {fmt.Errorf("%w: %w", errTimeout, why), false, comeBack, TimedOut, 0, true},
		"an interrupted one comes back at once":    {fmt.Errorf("%w: %w", errInterrupted, why), false, comeBack, Interrupted, 0, false},
		"an interrupted later keeps its wait":      {fmt.Errorf("%w: %w", errInterrupted, Later(5, why)), false, comeBack, Asked, 5, false},
		"a terminal without a reason is parked":    {Terminal(nil), false, park, Refused, 0, false},
		"received over the limit without a chance": {errTooOften, true, park, Limit, 0, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			receives := 3
			if c.last {
				receives = 4
			}
			got := judge(c.err, receives, 4)
			if got.action != c.action || got.reason != c.reason || got.after != c.after || got.backoff != c.backoff {
				t.Errorf("verdict is %+v", got)
			}
			if (got.err == nil) != (c.err == nil) {
				t.Errorf("error is %v", got.err)
			}
		})
	}
}

func TestBackoffGrowsStaysBoundedAndIsNeverInStep(t *testing.T) {
	t.Parallel()
	seen := map[time.Duration]bool{}
	for try := 1; try <= 300; try++ {
		d := backoff(time.Second, 5*time.Minute, try)
		full := 5 * time.Minute
		if try < 10 {
			full = min(full, time.Second<<(try-1))
		}
		if d < full/2 || d > full {
			t.Errorf("try %d waits %s, not %s to %s", try, d, full/2, full)
		}
		seen[d] = true
	}
	if len(seen) < 290 {
		t.Errorf("only %d of 300 waits differ", len(seen))
	}
}

func TestWaitsAreRoundedUpAndBoundedByWhatSQSTakes(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]int32{
		-time.Second: 0, 0: 0, 1: 1, time.Second: 1, time.Second + 1: 2, 100 * time.Hour: 12*3600 - 300,
	} {
		if got := seconds(d); got != want {
			t.Errorf("%s is %d s, want %d", d, got, want)
		}
	}
}

func TestTextIsCleanedAndCut(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a\nb\x00c\u0085d\x7f": "a b c d",
		"\xff\uFFFE\uFFFFx":    "x",
		"éééééééééééé":         "éééééééé",
		"":                     "",
	} {
		if got := clean(in, 8); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestAPanicTellsNothingOfItsValue(t *testing.T) {
	t.Parallel()
	if got := panicError("password").Error(); got != "handler panicked with a value of type string" {
		t.Errorf("error is %q", got)
	}
	if got := panicError(errors.New("password")).Error(); got != "handler panicked with a value of type *errors.errorString" {
		t.Errorf("error is %q", got)
	}
}
