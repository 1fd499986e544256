package scheduler_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/powerpole/powerpole/deploy/local/aws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const arn = "arn:aws:sqs:us-east-1:000000000000:"

// fixture is a stack with two queues, in a bubble.
type fixture struct {
	t     *testing.T
	stack *aws.Stack
	api   *scheduler.Client
	sqs   *sqs.Client
}

func bubble(t *testing.T, o aws.Options, f func(*testing.T, *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := aws.New(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		x := &fixture{t, s, scheduler.NewFromConfig(s.Config()), sqs.NewFromConfig(s.Config())}
		for _, name := range []string{"due", "dead"} {
			if _, err := x.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name}); err != nil {
				t.Fatal(err)
			}
		}
		f(t, x)
	})
}

func oneOff(name string, at time.Time) *scheduler.CreateScheduleInput {
	return &scheduler.CreateScheduleInput{
		Name: &name, ScheduleExpression: awssdk.String("at(" + at.UTC().Format("2006-01-02T15:04:05") + ")"),
		ScheduleExpressionTimezone: awssdk.String("UTC"), ActionAfterCompletion: types.ActionAfterCompletionDelete,
		FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff},
		Target: &types.Target{
			Arn: awssdk.String(arn + "due"), RoleArn: awssdk.String("arn:aws:iam::000000000000:role/scheduler"),
			Input: awssdk.String(`{"name":"` + name + `"}`),
		},
	}
}

func (x *fixture) create(in *scheduler.CreateScheduleInput) {
	x.t.Helper()
	if _, err := x.api.CreateSchedule(x.t.Context(), in); err != nil {
		x.t.Fatal(err)
	}
}

// next waits for the next message of a queue, for ever.
func (x *fixture) next(queue string) sqstypes.Message {
	x.t.Helper()
	url := "https://sqs/" + queue
	for {
		out, err := x.sqs.ReceiveMessage(x.t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: &url, WaitTimeSeconds: 20, VisibilityTimeout: 43200, MessageAttributeNames: []string{"All"},
		})
		if err != nil {
			x.t.Fatal(err)
		}
		if len(out.Messages) == 1 {
			return out.Messages[0]
		}
	}
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func TestAOneOffScheduleFiresAtItsMomentAndIsGone(t *testing.T) {
	t.Parallel()
	bubble(t, aws.Options{}, func(t *testing.T, x *fixture) {
		at := time.Now().Add(100 * time.Hour)
		x.create(oneOff("pp-1-end", at))
		m := x.next("due")
		if !time.Now().Equal(at) || *m.Body != `{"name":"pp-1-end"}` {
			t.Errorf("%s came at %v, not %v", *m.Body, time.Now(), at)
		}
		_, err := x.api.GetSchedule(t.Context(), &scheduler.GetScheduleInput{Name: awssdk.String("pp-1-end")})
		if gone := new(types.ResourceNotFoundException); !errors.As(err, &gone) {
			t.Errorf("the schedule is still there: %v", err)
		}
	})
}

func TestWithoutDeleteACompletedScheduleStays(t *testing.T) {
	t.Parallel()
	bubble(t, aws.Options{}, func(t *testing.T, x *fixture) {
		in := oneOff("stays", time.Now().Add(time.Hour))
		in.ActionAfterCompletion = types.ActionAfterCompletionNone
		x.create(in)
		x.next("due")
		if _, err := x.api.GetSchedule(t.Context(), &scheduler.GetScheduleInput{Name: in.Name}); err != nil {
			t.Error(err)
		}
	})
}

func TestWithMinutePrecisionAScheduleFiresInTheLastSecondOfItsMinute(t *testing.T) {
	t.Parallel()
	bubble(t, aws.Options{SchedulerPrecision: time.Minute}, func(t *testing.T, x *fixture) {
		minute := time.Now().Truncate(time.Minute).Add(time.Hour)
		x.create(oneOff("late", minute.Add(10*time.Second)))
		x.next("due")
		if want := minute.Add(59 * time.Second); !time.Now().Equal(want) {
			t.Errorf("fired at %v, want %v", time.Now(), want)
		}
	})
}

func TestARateScheduleFiresAtOnceAndEachPeriodUntilItIsDeleted(t *testing.T) {
	t.Parallel()
	bubble(t, aws.Options{}, func(t *testing.T, x *fixture) {
		in := oneOff("sweep", time.Now())
		in.ScheduleExpression = awssdk.String("rate(5 minutes)")
		begin := time.Now()
		x.create(in)
		for n := range 4 {
			x.next("due")
			if d := time.Since(begin); d != time.Duration(n)*5*time.Minute {
				t.Errorf("firing %d came after %v", n, d)
			}
		}
		if _, err := x.api.DeleteSchedule(t.Context(), &scheduler.DeleteScheduleInput{Name: in.Name}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		for _, q := range x.stack.SQS.Queues() {
			if q.Visible != 0 {
				t.Errorf("%s got %d messages after the deletion", q.Name, q.Visible)
			}
		}
	})
}

func TestADeletedScheduleNeverFires(t *testing.T) {
	t.Parallel()
	bubble(t, aws.Options{}, func(t *testing.T, x *fixture) {
		x.create(oneOff("never", time.Now().Add(time.Minute)))
		if _, err := x.api.DeleteSchedule(t.Context(), &scheduler.DeleteScheduleInput{Name: awssdk.String("never")}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if n := x.stack.SQS.Queues()[1].Visible; n != 0 {
			t.Errorf("%d messages", n)
		}
		_, err := x.api.DeleteSchedule(t.Context(), &scheduler.DeleteScheduleInput{Name: awssdk.String("never")})
		if code(err) != "ResourceNotFoundException" {
			t.Errorf("deleting it again: %v", err)
		}
	})
}

func TestAnUpdatedScheduleFiresOnlyAtItsNewMoment(t *testing.T) {
	t.Parallel()
	bubble(t, aws.Options{}, func(t *testing.T, x *fixture) {
		x.create(oneOff("moved", time.Now().Add(time.Hour)))
		at := time.Now().Add(3 * time.Hour)
		in := oneOff("moved", at)
		if _, err := x.api.UpdateSchedule(t.Context(), &scheduler.UpdateScheduleInput{
			Name: in.Name, ScheduleExpression: in.ScheduleExpression, FlexibleTimeWindow: in.FlexibleTimeWindow, Target: in.Target,
		}); err != nil {
			t.Fatal(err)
		}
		x.next("due")
		if !time.Now().Equal(at) {
			t.Errorf("fired at %v, not %v", time.Now(), at)
		}
	})
}

func TestAScheduleInAnotherTimezoneFiresAtThatTimeThere(t *testing.T) {
	t.Parallel()
	bubble(t, aws.Options{}, func(t *testing.T, x *fixture) {
		tokyo, err := time.LoadLocation("Asia/Tokyo")
		if err != nil {
			tokyo = time.FixedZone("UTC", 0) // a machine without zones
		}
		at := time.Now().Add(time.Hour).Truncate(time.Second)
		in := oneOff("there", at)
		in.ScheduleExpression = awssdk.String("at(" + at.In(tokyo).Format("2006-01-02T15:04:05") + ")")
		in.ScheduleExpressionTimezone = awssdk.String(tokyo.String())
		x.create(in)
		x.next("due")
		if !time.Now().Equal(at) {
			t.Errorf("fired at %v, not %v", time.Now(), at)
		}
	})
}

func TestWhatAWSRefusesIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*scheduler.CreateScheduleInput){
		"the past": func(in *scheduler.CreateScheduleInput) {
			in.ScheduleExpression = awssdk.String("at(1999-01-01T00:00:00)")
		},
		"a bad name":        func(in *scheduler.CreateScheduleInput) { in.Name = awssdk.String("a b") },
		"a cron expression": func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = awssdk.String("cron(0 12 * * ? *)") },
		"a rate of nothing": func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = awssdk.String("rate(0 minutes)") },
		"an unclosed rate":  func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = awssdk.String("rate(5 minutes") },
		"seconds":           func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = awssdk.String("rate(5 seconds)") },
		"an unknown zone":   func(in *scheduler.CreateScheduleInput) { in.ScheduleExpressionTimezone = awssdk.String("Mars/Olympus") },
		"a flexible window": func(in *scheduler.CreateScheduleInput) {
			in.FlexibleTimeWindow.Mode = types.FlexibleTimeWindowModeFlexible
		},
		"a role that is none": func(in *scheduler.CreateScheduleInput) { in.Target.RoleArn = awssdk.String("scheduler") },
		"a Lambda target": func(in *scheduler.CreateScheduleInput) {
			in.Target.Arn = awssdk.String("arn:aws:lambda:us-east-1:0:function:f")
		},
		"too many tries": func(in *scheduler.CreateScheduleInput) {
			in.Target.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: awssdk.Int32(186)}
		},
		"an age under a minute": func(in *scheduler.CreateScheduleInput) {
			in.Target.RetryPolicy = &types.RetryPolicy{MaximumEventAgeInSeconds: awssdk.Int32(59)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, aws.Options{}, func(t *testing.T, x *fixture) {
				in := oneOff("x", time.Now().Add(time.Hour))
				change(in)
				if _, err := x.api.CreateSchedule(t.Context(), in); code(err) != "ValidationException" {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func TestANameTwiceIsAConflictUnlessItIsTheSameCall(t *testing.T) {
	t.Parallel()
	bubble(t, aws.Options{}, func(t *testing.T, x *fixture) {
		in := oneOff("once", time.Now().Add(time.Hour))
		in.ClientToken = awssdk.String("token")
		x.create(in)
		x.create(in)
		in.ClientToken = awssdk.String("another")
		_, err := x.api.CreateSchedule(t.Context(), in)
		if there := new(types.ConflictException); !errors.As(err, &there) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAScheduleWhoseQueueIsGoneGoesToItsDeadLetterQueue(t *testing.T) {
	t.Parallel()
	bubble(t, aws.Options{}, func(t *testing.T, x *fixture) {
		in := oneOff("lost", time.Now().Add(time.Minute))
		in.Target.Arn = awssdk.String(arn + "nowhere")
		in.Target.DeadLetterConfig = &types.DeadLetterConfig{Arn: awssdk.String(arn + "dead")}
		x.create(in)
		m := x.next("dead")
		if *m.Body != `{"name":"lost"}` || *m.MessageAttributes["TARGET_ARN"].StringValue != arn+"nowhere" ||
			*m.MessageAttributes["ERROR_CODE"].StringValue != "AWS.SimpleQueueService.NonExistentQueue" {
			t.Errorf("got %s %v", *m.Body, m.MessageAttributes)
		}
	})
}

func TestContextAttributesAreFilledIn(t *testing.T) {
	t.Parallel()
	bubble(t, aws.Options{}, func(t *testing.T, x *fixture) {
		at := time.Now().Add(time.Minute)
		in := oneOff("context", at)
		in.Target.Input = awssdk.String("<aws.scheduler.scheduled-time> <aws.scheduler.schedule-arn>")
		x.create(in)
		want := at.UTC().Format(time.RFC3339) + " arn:aws:scheduler:us-east-1:000000000000:schedule/default/context"
		if m := x.next("due"); *m.Body != want {
			t.Errorf("got %s, want %s", *m.Body, want)
		}
	})
}

func TestAGroupListsItsOwnSchedulesByPrefixAndPage(t *testing.T) {
	t.Parallel()
	bubble(t, aws.Options{}, func(t *testing.T, x *fixture) {
		group := awssdk.String("powerpole")
		if _, err := x.api.CreateScheduleGroup(t.Context(), &scheduler.CreateScheduleGroupInput{Name: group}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"pp-1-end", "pp-1-warning", "pp-1-start", "pp-2-end"} {
			in := oneOff(name, time.Now().Add(time.Hour))
			in.GroupName = group
			x.create(in)
		}
		x.create(oneOff("pp-1-elsewhere", time.Now().Add(time.Hour)))
		pages := scheduler.NewListSchedulesPaginator(x.api, &scheduler.ListSchedulesInput{
			GroupName: group, NamePrefix: awssdk.String("pp-1-"), MaxResults: awssdk.Int32(2),
		})
		var names []string
		for pages.HasMorePages() {
			p, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range p.Schedules {
				names = append(names, *s.Name)
			}
		}
		if len(names) != 3 || names[0] != "pp-1-end" || names[1] != "pp-1-start" || names[2] != "pp-1-warning" {
			t.Errorf("got %v", names)
		}
	})
}

func TestADeletedGroupTakesItsSchedulesWithIt(t *testing.T) {
	t.Parallel()
	bubble(t, aws.Options{}, func(t *testing.T, x *fixture) {
		group := awssdk.String("powerpole")
		if _, err := x.api.CreateScheduleGroup(t.Context(), &scheduler.CreateScheduleGroupInput{Name: group}); err != nil {
			t.Fatal(err)
		}
		in := oneOff("in", time.Now().Add(time.Minute))
		in.GroupName = group
		x.create(in)
		if _, err := x.api.DeleteScheduleGroup(t.Context(), &scheduler.DeleteScheduleGroupInput{Name: group}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if n := x.stack.SQS.Queues()[1].Visible; n != 0 {
			t.Errorf("%d messages", n)
		}
		if _, err := x.api.GetScheduleGroup(t.Context(), &scheduler.GetScheduleGroupInput{Name: group}); code(err) != "ResourceNotFoundException" {
			t.Errorf("the group: %v", err)
		}
		if _, err := x.api.CreateSchedule(t.Context(), in); code(err) != "ResourceNotFoundException" {
			t.Errorf("a schedule in it: %v", err)
		}
	})
}

func TestADescriptionSaysWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	bubble(t, aws.Options{}, func(t *testing.T, x *fixture) {
		in := oneOff("said", time.Now().Add(time.Hour))
		x.create(in)
		got, err := x.api.GetSchedule(t.Context(), &scheduler.GetScheduleInput{Name: in.Name})
		if err != nil {
			t.Fatal(err)
		}
		if *got.ScheduleExpression != *in.ScheduleExpression || *got.Target.Input != *in.Target.Input || got.State != types.ScheduleStateEnabled ||
			got.ActionAfterCompletion != types.ActionAfterCompletionDelete || *got.GroupName != "default" || !got.CreationDate.Equal(time.Now()) {
			t.Errorf("got %+v", got)
		}
		if next := x.stack.Scheduler.Schedules()[0].Next; !next.Equal(time.Now().Add(time.Hour)) {
			t.Errorf("next at %v", next)
		}
	})
}
