package bootstrap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/topology"
)

// sweep creates the schedule that wakes a service for its sweep, or sets the one
// that is there.
func (b *Bootstrap) sweep(ctx context.Context, s topology.Service, arns map[string]string) error {
	if !s.Sweeps {
		return nil
	}
	in, err := b.sweepSchedule(s, arns)
	if err != nil {
		return err
	}
	_, err = b.schedules.CreateSchedule(ctx, in)
	var there *schedulertypes.ConflictException
	if errors.As(err, &there) {
		_, err = b.schedules.UpdateSchedule(ctx, &scheduler.UpdateScheduleInput{
			Name: in.Name, GroupName: in.GroupName, ScheduleExpression: in.ScheduleExpression,
			FlexibleTimeWindow: in.FlexibleTimeWindow, Target: in.Target,
		})
	}
	if err != nil {
		return fmt.Errorf("creating schedule %s: %w", aws.ToString(in.Name), err)
	}
	b.report("schedule", aws.ToString(in.Name))
	return nil
}

// sweepSchedule is of the default group: PowerPole's own holds nothing but what
// belongs to a request.
func (b *Bootstrap) sweepSchedule(s topology.Service, arns map[string]string) (*scheduler.CreateScheduleInput, error) {
	due, err := event.New(event.About{Source: s.Source}, event.SweepDue{})
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(due)
	if err != nil {
		return nil, fmt.Errorf("writing the message of %s: %w", s.SweepSchedule(), err)
	}
	return &scheduler.CreateScheduleInput{
		Name: aws.String(s.SweepSchedule()), GroupName: aws.String("default"),
		ScheduleExpression: aws.String(rate(b.every)),
		FlexibleTimeWindow: &schedulertypes.FlexibleTimeWindow{Mode: schedulertypes.FlexibleTimeWindowModeOff},
		Target: &schedulertypes.Target{
			Arn: aws.String(arns[s.Queue()]), RoleArn: &b.role, Input: aws.String(string(body)),
			DeadLetterConfig: &schedulertypes.DeadLetterConfig{Arn: aws.String(arns[s.DeadQueue()])},
		},
	}, nil
}

// rate is EventBridge Scheduler's expression, whose smallest unit is a minute
// and which wants the singular for one.
func rate(every time.Duration) string {
	if every <= time.Minute {
		return "rate(1 minute)"
	}
	return fmt.Sprintf("rate(%d minutes)", int(every.Minutes()))
}
