package doctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/powerpole/powerpole/pkg/topology"
)

const byBootstrap = "run `powerpole bootstrap`"

// account looks who we are in AWS, and then at what the topology names. Where
// nobody answers the rest would only say so again.
func (e *examination) account(ctx context.Context) {
	answers := false
	e.check(ctx, "aws", func(ctx context.Context) []Finding {
		me, err := sts.NewFromConfig(e.AWS).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return []Finding{Problem(reason(err), "give credentials and a region that work: `aws sts get-caller-identity`")}
		}
		answers = true
		return []Finding{OK("account %s, region %s, as %s", aws.ToString(me.Account), e.AWS.Region, aws.ToString(me.Arn))}
	})
	if !answers {
		return
	}
	e.check(ctx, "bus", e.bus)
	e.check(ctx, "queues", e.queues)
	e.check(ctx, "rules", e.rules)
	e.check(ctx, "tables", e.tables)
	e.check(ctx, "schedules", e.schedules)
}

// whole is what is said of things that are all in order.
func whole(problems []Finding, format string, args ...any) []Finding {
	if len(problems) > 0 {
		return problems
	}
	return []Finding{OK(format, args...)}
}

func (e *examination) bus(ctx context.Context) (found []Finding) {
	events := eventbridge.NewFromConfig(e.AWS)
	if _, err := events.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: aws.String(topology.BusName)}); err != nil {
		found = append(found, absent("event bus "+topology.BusName, err))
	}
	if _, err := events.DescribeArchive(ctx, &eventbridge.DescribeArchiveInput{ArchiveName: aws.String(topology.ArchiveName)}); err != nil {
		found = append(found, absent("archive "+topology.ArchiveName, err))
	}
	return whole(found, "event bus and archive %s", topology.BusName)
}

func (e *examination) queues(ctx context.Context) []Finding {
	var problems, notes []Finding
	n := 0
	for _, s := range topology.Services() {
		if s.Queue() == "" {
			continue
		}
		n += 2
		own, err := e.queue(ctx, s.Queue())
		if err != nil {
			problems = append(problems, absent("queue "+s.Queue(), err))
		} else if own["RedrivePolicy"] == "" {
			problems = append(problems, Problem("queue "+s.Queue()+" has no redrive policy: what crashes a service would be handled for ever", byBootstrap))
		}
		dead, err := e.queue(ctx, s.DeadQueue())
		if err != nil {
			problems = append(problems, absent("queue "+s.DeadQueue(), err))
		} else if letters := dead["ApproximateNumberOfMessages"]; letters != "0" {
			notes = append(notes, Note("%s holds %s dead letters: see `powerpole dlq list`", s.DeadQueue(), letters))
		}
	}
	return append(whole(problems, "%d, dead-letter queues among them", n), notes...)
}

func (e *examination) queue(ctx context.Context, name string) (map[string]string, error) {
	queues := sqs.NewFromConfig(e.AWS)
	url, err := queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	if err != nil {
		return nil, err
	}
	out, err := queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}

func (e *examination) tables(ctx context.Context) (found []Finding) {
	db, n := dynamodb.NewFromConfig(e.AWS), 0
	for _, s := range topology.Services() {
		if !s.Table {
			continue
		}
		n++
		out, err := db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(s.TableName())})
		switch {
		case err != nil:
			found = append(found, absent("table "+s.TableName(), err))
		case out.Table.TableStatus != types.TableStatusActive && out.Table.TableStatus != types.TableStatusUpdating:
			found = append(found, Problem(fmt.Sprintf("table %s is %s", s.TableName(), out.Table.TableStatus), "wait until it is ACTIVE"))
		}
	}
	return whole(found, "%d", n)
}

func (e *examination) schedules(ctx context.Context) (found []Finding) {
	schedules, n := scheduler.NewFromConfig(e.AWS), 0
	if _, err := schedules.GetScheduleGroup(ctx, &scheduler.GetScheduleGroupInput{Name: aws.String(topology.ScheduleGroup)}); err != nil {
		found = append(found, absent("schedule group "+topology.ScheduleGroup, err))
	}
	for _, s := range topology.Services() {
		if !s.Sweeps {
			continue
		}
		n++
		out, err := schedules.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: aws.String(s.SweepSchedule())})
		switch {
		case err != nil:
			found = append(found, absent("schedule "+s.SweepSchedule(), err))
		case out.State == schedulertypes.ScheduleStateDisabled:
			found = append(found, Problem("schedule "+s.SweepSchedule()+" is disabled: nobody looks after what stands still", "enable it"))
		}
	}
	return whole(found, "group %s and %d sweeps", topology.ScheduleGroup, n)
}

// absent is the problem with a thing that AWS did not describe.
func absent(thing string, err error) Finding {
	if code := code(err); code == "ResourceNotFoundException" || code == "QueueDoesNotExist" || code == "AWS.SimpleQueueService.NonExistentQueue" {
		return Problem(thing+" is missing", byBootstrap)
	}
	return Problem(thing+" cannot be looked at: "+reason(err), "allow the caller to read it, or try again")
}

func code(err error) string {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// reason is AWS's code where AWS answered, else what went wrong.
func reason(err error) string {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return err.Error()
}
