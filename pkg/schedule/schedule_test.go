package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/pkg/clock"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/schedule"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const queueARN = "arn:aws:sqs:us-east-1:000000000000:"

func config() schedule.Config {
	return schedule.Config{
		Group: "powerpole", RoleARN: "arn:aws:iam::000000000000:role/scheduler",
		QueueARN: queueARN + "powerpole-reaper", DeadARN: queueARN + "powerpole-reaper-dlq", Precision: time.Second,
	}
}

func with(t *testing.T, api schedule.API) *schedule.Scheduler {
	t.Helper()
	s, err := schedule.New(api, config())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// stack is the embedded scheduler with its group and the service's queue.
func stack(t *testing.T) (*scheduler.Client, *sqs.Client, string) {
	t.Helper()
	s, err := aws.New(t.Context(), aws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	api, queues := scheduler.NewFromConfig(s.Config()), sqs.NewFromConfig(s.Config())
	group, queue := "powerpole", "powerpole-reaper"
	if _, err := api.CreateScheduleGroup(t.Context(), &scheduler.CreateScheduleGroupInput{Name: &group}); err != nil {
		t.Fatal(err)
	}
	out, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &queue})
	if err != nil {
		t.Fatal(err)
	}
	return api, queues, *out.QueueUrl
}

func endDue(t *testing.T) event.Event {
	t.Helper()
	e, err := event.New(event.About{Source: event.Reaper, RequestID: event.NewRequestID()}, event.EndDue{Generation: 3})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestWhatIsArmedComesOnceAndIsAnEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api, queues, url := stack(t)
		s, e := with(t, api), endDue(t)
		for range 2 { // the second is there already
			if err := s.Once(t.Context(), "end-1", time.Now().Add(time.Minute), e); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour)
		out, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
		if err != nil || len(out.Messages) != 1 {
			t.Fatalf("%d messages, %v", len(out.Messages), err)
		}
		got, err := event.Parse([]byte(*out.Messages[0].Body))
		if diff := cmp.Diff(e, got.Event); err != nil || diff != "" {
			t.Error(err, diff)
		}
		if names, err := s.List(t.Context(), ""); err != nil || len(names) != 0 {
			t.Errorf("left behind: %v, %v", names, err)
		}
	})
}

func TestTheListHasAllOfAPrefixAndDeletingTwiceIsAsGood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api, _, _ := stack(t)
		s, e := with(t, api), endDue(t)
		var want []string
		for n := range 120 { // a page has a hundred
			want = append(want, fmt.Sprintf("a-%03d", n))
		}
		for _, name := range append([]string{"b-000"}, want...) {
			if err := s.Once(t.Context(), name, time.Now().Add(time.Hour), e); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.List(t.Context(), "a-")
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
		for range 2 {
			if err := s.Delete(t.Context(), "a-007"); err != nil {
				t.Error(err)
			}
		}
		if got, _ := s.List(t.Context(), "a-"); len(got) != 119 || slices.Contains(got, "a-007") {
			t.Errorf("after deleting one, %d are there", len(got))
		}
	})
}

// balky is a scheduler that gives that answer so many times.
type balky struct {
	schedule.API
	err     error
	refuses int
	calls   int
}

func (b *balky) CreateSchedule(context.Context, *scheduler.CreateScheduleInput, ...func(*scheduler.Options)) (*scheduler.CreateScheduleOutput, error) {
	if b.calls++; b.calls <= b.refuses {
		return nil, b.err
	}
	return &scheduler.CreateScheduleOutput{}, nil
}

// answered is a ValidationException as the SDK returns it, with AWS's clock.
func answered(at time.Time) error {
	r := &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{"Date": {at.UTC().Format(http.TimeFormat)}}}
	return &smithy.OperationError{ServiceID: "Scheduler", Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: r}, Err: &types.ValidationException{},
	}}
}

func TestATimeThatHasPassedIsErrPast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Second - time.Nanosecond) // half seconds are cut
		// answer is given the moment of the call: one case takes a second.
		for what, c := range map[string]struct {
			in     time.Duration
			answer func(now time.Time) error
			asks   int
		}{
			"by our clock":      {0, nil, 0},
			"cut to the second": {time.Nanosecond / 2, nil, 0},
			"by AWS's clock, ahead of us": {time.Minute, func(now time.Time) error {
				return answered(now.Add(2 * time.Minute))
			}, 1},
			"by AWS's clock, to a second": {time.Minute + time.Nanosecond, func(now time.Time) error {
				return answered(now.Add(time.Minute + time.Nanosecond))
			}, 1},
			"by our clock, while we asked": {2 * time.Second, func(time.Time) error { return answered(time.Time{}) }, 2},
		} {
			b := &balky{refuses: 100}
			if c.answer != nil {
				b.err = c.answer(time.Now())
			}
			err := with(t, b).Once(t.Context(), "end-1", time.Now().Add(c.in), endDue(t))
			if !errors.Is(err, schedule.ErrPast) || b.calls != c.asks {
				t.Errorf("%s: %v after %d calls, want ErrPast after %d", what, err, b.calls, c.asks)
			}
		}
	})
}

func TestATimeHasPassedByTheServicesOwnClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for ahead, past := range map[time.Duration]bool{0: false, 2 * time.Minute: true, -2 * time.Minute: false} {
			cfg := config()
			cfg.Clock = clock.Ahead(ahead)
			s, err := schedule.New(&balky{}, cfg)
			if err != nil {
				t.Fatal(err)
			}
			soon := time.Now().Add(time.Minute)
			if err := s.Once(t.Context(), "end-1", soon, endDue(t)); errors.Is(err, schedule.ErrPast) != past {
				t.Errorf("%v ahead: in a minute: %v", ahead, err)
			}
			if _, ok := s.Before(soon); ok == past {
				t.Errorf("%v ahead: in a minute can be taken: %v", ahead, ok)
			}
		}
	})
}

func TestAFreshRoleIsWaitedForButNotForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			refuses, calls int
			took           time.Duration
		}{{0, 1, 0}, {1, 2, time.Second}, {3, 4, 7 * time.Second}, {100, 4, 7 * time.Second}} {
			begun := time.Now()
			b := &balky{err: answered(begun), refuses: c.refuses}
			err := with(t, b).Once(t.Context(), "end-1", begun.Add(time.Hour), endDue(t))
			var refused *types.ValidationException
			if b.calls != c.calls || time.Since(begun) != c.took || errors.As(err, &refused) != (c.refuses > 3) || errors.Is(err, schedule.ErrPast) {
				t.Errorf("%d refusals: %d calls in %s: %v", c.refuses, b.calls, time.Since(begun), err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		b := &balky{err: answered(time.Now()), refuses: 100}
		if err := with(t, b).Once(ctx, "end-1", time.Now().Add(time.Hour), endDue(t)); err == nil || b.calls != 2 {
			t.Errorf("given up: %v after %d calls", err, b.calls)
		}
	})
}

func TestAnyOtherErrorIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	broken := &types.InternalServerException{}
	b := &balky{err: broken, refuses: 100}
	err := with(t, b).Once(t.Context(), "end-1", time.Now().Add(time.Hour), endDue(t))
	if !errors.Is(err, broken) || b.calls != 1 {
		t.Errorf("%v after %d calls", err, b.calls)
	}
}

func TestWhatIsSetBeforeATimeHasFiredByThenAndNotLongBefore(t *testing.T) {
	t.Parallel()
	for _, p := range []time.Duration{time.Second, time.Minute} {
		cfg := config()
		cfg.Precision = p
		s, err := schedule.New(&balky{}, cfg)
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(r *rapid.T) {
			now := time.Now()
			want := now.Add(time.Duration(rapid.Int64Range(int64(-time.Hour), int64(100*time.Hour)).Draw(r, "in")))
			at, ok := s.Before(want)
			if early := want.Sub(at.Add(p)); early < 0 || early >= p {
				r.Errorf("for %s it is set to %s", want, at)
			}
			if !at.Equal(at.Truncate(p)) || at.Location() != time.UTC {
				r.Errorf("%s is not whole", at)
			}
			if ok && !at.After(now) || !ok && at.After(now.Add(p/10+time.Second)) {
				r.Errorf("at %s, %s can be taken: %v", now, at, ok)
			}
		})
	}
}

func TestASchedulerWithoutASettingIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := schedule.New(nil, config()); err == nil {
		t.Error("no client was taken")
	}
	for what, unset := range map[string]func(*schedule.Config){
		"group": func(c *schedule.Config) { c.Group = "" }, "role": func(c *schedule.Config) { c.RoleARN = "" },
		"queue": func(c *schedule.Config) { c.QueueARN = "" }, "dead-letter queue": func(c *schedule.Config) { c.DeadARN = "" },
	} {
		cfg := config()
		unset(&cfg)
		if _, err := schedule.New(&balky{}, cfg); err == nil {
			t.Errorf("no %s was taken", what)
		}
	}
}
