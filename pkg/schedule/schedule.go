// Package schedule puts one-off messages into a service's own queue at a time,
// by EventBridge Scheduler. A message of the scheduler means "check now", never
// "it is exactly then": AWS fires within the minute.
package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/powerpole/powerpole/pkg/clock"
	"github.com/powerpole/powerpole/pkg/event"
)

// API is what the package needs of EventBridge Scheduler.
type API interface {
	CreateSchedule(context.Context, *scheduler.CreateScheduleInput, ...func(*scheduler.Options)) (*scheduler.CreateScheduleOutput, error)
	DeleteSchedule(context.Context, *scheduler.DeleteScheduleInput, ...func(*scheduler.Options)) (*scheduler.DeleteScheduleOutput, error)
	GetSchedule(context.Context, *scheduler.GetScheduleInput, ...func(*scheduler.Options)) (*scheduler.GetScheduleOutput, error)
	ListSchedules(context.Context, *scheduler.ListSchedulesInput, ...func(*scheduler.Options)) (*scheduler.ListSchedulesOutput, error)
}

var _ API = (*scheduler.Client)(nil)

// ErrPast means that the time has passed: what was to be waited for is due.
var ErrPast = errors.New("time has passed")

// Config says where schedules go.
type Config struct {
	// Group is the schedule group of PowerPole's own.
	Group string
	// RoleARN is what the scheduler assumes; it may send to QueueARN only.
	RoleARN string
	// QueueARN is the service's own queue, DeadARN its dead-letter queue.
	QueueARN, DeadARN string
	// Precision is how far apart firing and the time asked for can be, a
	// minute in AWS. Zero means a minute.
	Precision time.Duration
	// Clock is the service's; the zero value is the system's.
	Clock clock.Clock
}

// Scheduler makes and deletes one-off schedules.
type Scheduler struct {
	api API
	cfg Config
}

// New returns a scheduler. It returns an error for each setting that is
// missing.
func New(api API, cfg Config) (*Scheduler, error) {
	var errs []error
	if api == nil {
		errs = append(errs, errors.New("client is missing"))
	}
	for name, v := range map[string]string{"group": cfg.Group, "role": cfg.RoleARN, "queue": cfg.QueueARN, "dead-letter queue": cfg.DeadARN} {
		if v == "" {
			errs = append(errs, errors.New(name+" is missing"))
		}
	}
	if cfg.Precision <= 0 {
		cfg.Precision = time.Minute
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("making a scheduler: %w", err)
	}
	return &Scheduler{api, cfg}, nil
}

// Before is the moment for which to set a schedule so that it has fired by t,
// with the scheduler's precision; the rest is waited out by asking later. It
// reports false where that moment has passed or is too near to be taken: then
// all of it is waited out.
func (s *Scheduler) Before(t time.Time) (time.Time, bool) {
	at := t.UTC().Truncate(s.cfg.Precision).Add(-s.cfg.Precision)
	return at, s.cfg.Clock.Until(at) > s.cfg.Precision/10
}

// Once arms a one-off schedule that puts e into the service's own queue at that
// time, to the second and UTC, and is gone after that. The name is the key: one
// that is there already is this one, so arming again changes nothing. It
// returns ErrPast for a time that the scheduler no longer takes.
//
// A scheduler that does not know the role yet says ValidationException for a
// while (aws-sdk-js-v3#6494): Once asks again, for some seconds.
func (s *Scheduler) Once(ctx context.Context, name string, at time.Time, e event.Event) error {
	at = at.UTC().Truncate(time.Second)
	body, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("arming %s: %w", name, err)
	}
	in := s.input(name, at, string(body))
	for wait := time.Second; ; wait *= 2 {
		err := s.create(ctx, in, at)
		var refused *types.ValidationException
		if err == nil {
			return nil
		}
		if !errors.As(err, &refused) || wait > lastWait || !sleep(ctx, wait) {
			return fmt.Errorf("arming %s: %w", name, err)
		}
	}
}

// lastWait is the longest of the waits for a fresh role, which double from a
// second: seven seconds in all.
const lastWait = 4 * time.Second

func (s *Scheduler) input(name string, at time.Time, body string) *scheduler.CreateScheduleInput {
	return &scheduler.CreateScheduleInput{
		Name: &name, GroupName: &s.cfg.Group, ClientToken: &name,
		ScheduleExpression:         aws.String("at(" + at.Format("2006-01-02T15:04:05") + ")"),
		ScheduleExpressionTimezone: aws.String("UTC"),
		ActionAfterCompletion:      types.ActionAfterCompletionDelete,
		FlexibleTimeWindow:         &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff},
		Target: &types.Target{
			Arn: &s.cfg.QueueARN, RoleArn: &s.cfg.RoleARN, Input: &body,
			DeadLetterConfig: &types.DeadLetterConfig{Arn: &s.cfg.DeadARN},
			RetryPolicy:      &types.RetryPolicy{MaximumEventAgeInSeconds: aws.Int32(86400), MaximumRetryAttempts: aws.Int32(185)},
		},
	}
}

// create asks once. AWS has one code for everything that it does not like: it
// is about the past only if the time has passed, by our clock before or by its own
// as it answered.
func (s *Scheduler) create(ctx context.Context, in *scheduler.CreateScheduleInput, at time.Time) error {
	if !at.After(s.cfg.Clock.Now()) {
		return ErrPast
	}
	_, err := s.api.CreateSchedule(ctx, in)
	var there *types.ConflictException
	if err == nil || errors.As(err, &there) {
		return nil
	}
	var refused *types.ValidationException
	if errors.As(err, &refused) && !at.After(theirs(err)) {
		return ErrPast
	}
	return err
}

// theirs is the time at which AWS answered (RFC 9110 §6.6.1), zero where it does
// not say.
func theirs(err error) time.Time {
	var answer *smithyhttp.ResponseError
	if !errors.As(err, &answer) || answer.Response == nil {
		return time.Time{}
	}
	at, err := http.ParseTime(answer.Response.Header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return at
}

// sleep waits, and reports false where ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Delete deletes a schedule; one that is not there is as good.
func (s *Scheduler) Delete(ctx context.Context, name string) error {
	_, err := s.api.DeleteSchedule(ctx, &scheduler.DeleteScheduleInput{Name: &name, GroupName: &s.cfg.Group})
	var gone *types.ResourceNotFoundException
	if err == nil || errors.As(err, &gone) {
		return nil
	}
	return fmt.Errorf("deleting schedule %s: %w", name, err)
}

// List names the schedules that begin with prefix.
func (s *Scheduler) List(ctx context.Context, prefix string) ([]string, error) {
	var names []string
	pages := scheduler.NewListSchedulesPaginator(s.api, &scheduler.ListSchedulesInput{GroupName: &s.cfg.Group, NamePrefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing schedules %s*: %w", prefix, err)
		}
		for _, sch := range page.Schedules {
			names = append(names, aws.ToString(sch.Name))
		}
	}
	return names, nil
}
