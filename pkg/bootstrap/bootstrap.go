// Package bootstrap creates what PowerPole needs on any AWS-compatible endpoint,
// from the topology: bus, archive, queues, dead-letter queues, rules, tables
// and the schedule group. It can be run again; what is there is brought to what
// the topology says, and nothing else is touched.
package bootstrap

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/topology"
)

// tableWait is how long a new table may take.
const tableWait = 2 * time.Minute

// Bootstrap creates things in one account and region.
type Bootstrap struct {
	events    *eventbridge.Client
	queues    *sqs.Client
	tables    *dynamodb.Client
	schedules *scheduler.Client
	role      string
	every     time.Duration
	report    func(kind, name string)
}

// Options say more about what is created.
type Options struct {
	// Role is the ARN of the role that EventBridge Scheduler assumes to send to
	// the queues. Empty: the role powerpole-scheduler of the embedded account.
	Role string
	// SweepEvery is how often services are woken for their sweeps, in whole
	// minutes; topology.SweepEvery where it is 0.
	SweepEvery time.Duration
	// Report, if set, is told of each thing that is there now.
	Report func(kind, name string)
}

// New returns a bootstrap with that configuration.
func New(cfg aws.Config, o Options) *Bootstrap {
	if o.Report == nil {
		o.Report = func(string, string) {}
	}
	return &Bootstrap{
		events: eventbridge.NewFromConfig(cfg), queues: sqs.NewFromConfig(cfg), tables: dynamodb.NewFromConfig(cfg),
		schedules: scheduler.NewFromConfig(cfg), role: cmp.Or(o.Role, embeddedRole),
		every: cmp.Or(o.SweepEvery, topology.SweepEvery), report: o.Report,
	}
}

// embeddedRole is of the account that the embedded stack is.
const embeddedRole = "arn:aws:iam::000000000000:role/powerpole-scheduler"

// Run creates or updates everything. Queues come before the rules that send to
// them, and rules before anybody emits.
func (b *Bootstrap) Run(ctx context.Context) error {
	busARN, err := b.bus(ctx)
	if err != nil {
		return err
	}
	if err := b.archive(ctx, busARN); err != nil {
		return err
	}
	if err := b.scheduleGroup(ctx); err != nil {
		return err
	}
	arns := map[string]string{}
	for _, s := range topology.Services() {
		if err := b.service(ctx, s, arns); err != nil {
			return err
		}
	}
	for _, r := range topology.Rules() {
		if err := b.rule(ctx, r, arns); err != nil {
			return err
		}
	}
	for _, s := range topology.Services() {
		if err := b.sweep(ctx, s, arns); err != nil {
			return err
		}
	}
	return nil
}

// service creates one service's table and queues, and notes their ARNs.
func (b *Bootstrap) service(ctx context.Context, s topology.Service, arns map[string]string) error {
	if s.Table {
		if err := b.table(ctx, s.TableName()); err != nil {
			return err
		}
	}
	if s.Queue() == "" {
		return nil
	}
	dead, err := b.queue(ctx, s.DeadQueue(), map[string]string{
		"MessageRetentionPeriod": seconds(topology.DeadRetention.Seconds()),
	})
	if err != nil {
		return err
	}
	redrive, err := json.Marshal(map[string]any{"deadLetterTargetArn": dead, "maxReceiveCount": topology.RedriveAfter(s)})
	if err != nil {
		return fmt.Errorf("writing the redrive policy of %s: %w", s.Queue(), err)
	}
	own, err := b.queue(ctx, s.Queue(), map[string]string{
		"MessageRetentionPeriod": seconds(topology.Retention.Seconds()),
		"VisibilityTimeout":      seconds(topology.Visibility.Seconds()),
		"RedrivePolicy":          string(redrive),
	})
	arns[s.Queue()], arns[s.DeadQueue()] = own, dead
	return err
}

func seconds(s float64) string { return strconv.Itoa(int(s)) }

// queue creates a queue, or sets the attributes of the one that is there, and
// returns its ARN.
func (b *Bootstrap) queue(ctx context.Context, name string, attributes map[string]string) (string, error) {
	url, err := b.queueURL(ctx, name, attributes)
	if err != nil {
		return "", fmt.Errorf("creating queue %s: %w", name, err)
	}
	out, err := b.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return "", fmt.Errorf("reading the ARN of queue %s: %w", name, err)
	}
	b.report("queue", name)
	return out.Attributes["QueueArn"], nil
}

func (b *Bootstrap) queueURL(ctx context.Context, name string, attributes map[string]string) (string, error) {
	there, err := b.queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	var missing *sqstypes.QueueDoesNotExist
	switch {
	case errors.As(err, &missing):
		made, err := b.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
		if err != nil {
			return "", err
		}
		return aws.ToString(made.QueueUrl), nil
	case err != nil:
		return "", err
	}
	_, err = b.queues.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: there.QueueUrl, Attributes: attributes})
	return aws.ToString(there.QueueUrl), err
}

func (b *Bootstrap) bus(ctx context.Context) (string, error) {
	_, err := b.events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String(topology.BusName)})
	var there *types.ResourceAlreadyExistsException
	if err != nil && !errors.As(err, &there) {
		return "", fmt.Errorf("creating bus %s: %w", topology.BusName, err)
	}
	out, err := b.events.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: aws.String(topology.BusName)})
	if err != nil {
		return "", fmt.Errorf("reading bus %s: %w", topology.BusName, err)
	}
	b.report("bus", topology.BusName)
	return aws.ToString(out.Arn), nil
}

// archive keeps every event of PowerPole's own.
func (b *Bootstrap) archive(ctx context.Context, busARN string) error {
	pattern, err := json.Marshal(map[string][]event.Source{"source": event.Sources()})
	if err != nil {
		return fmt.Errorf("writing the archive's pattern: %w", err)
	}
	_, err = b.events.CreateArchive(ctx, &eventbridge.CreateArchiveInput{
		ArchiveName: aws.String(topology.ArchiveName), EventSourceArn: &busARN, EventPattern: aws.String(string(pattern)),
	})
	var there *types.ResourceAlreadyExistsException
	if errors.As(err, &there) {
		_, err = b.events.UpdateArchive(ctx, &eventbridge.UpdateArchiveInput{
			ArchiveName: aws.String(topology.ArchiveName), EventPattern: aws.String(string(pattern)),
		})
	}
	if err != nil {
		return fmt.Errorf("creating archive %s: %w", topology.ArchiveName, err)
	}
	b.report("archive", topology.ArchiveName)
	return nil
}

func (b *Bootstrap) rule(ctx context.Context, r topology.Rule, arns map[string]string) error {
	pattern, err := json.Marshal(r.Pattern)
	if err != nil {
		return fmt.Errorf("writing the pattern of rule %s: %w", r.Name, err)
	}
	_, err = b.events.PutRule(ctx, &eventbridge.PutRuleInput{
		Name: &r.Name, EventBusName: &r.Bus, EventPattern: aws.String(string(pattern)), State: types.RuleStateEnabled,
	})
	if err != nil {
		return fmt.Errorf("putting rule %s: %w", r.Name, err)
	}
	out, err := b.events.PutTargets(ctx, &eventbridge.PutTargetsInput{
		Rule: &r.Name, EventBusName: &r.Bus, Targets: []types.Target{{
			Id: aws.String("queue"), Arn: aws.String(arns[r.Queue]),
			DeadLetterConfig: &types.DeadLetterConfig{Arn: aws.String(arns[r.Queue+topology.DeadSuffix])},
		}},
	})
	if err != nil {
		return fmt.Errorf("putting the target of rule %s: %w", r.Name, err)
	}
	if out.FailedEntryCount > 0 {
		return fmt.Errorf("putting the target of rule %s: %s", r.Name, aws.ToString(out.FailedEntries[0].ErrorCode))
	}
	b.report("rule", r.Name)
	return nil
}

func (b *Bootstrap) table(ctx context.Context, name string) error {
	_, err := b.tables.CreateTable(ctx, store.Schema(name))
	var there *ddbtypes.ResourceInUseException
	if err != nil && !errors.As(err, &there) {
		return fmt.Errorf("creating table %s: %w", name, err)
	}
	waiter := dynamodb.NewTableExistsWaiter(b.tables)
	if err := waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &name}, tableWait); err != nil {
		return fmt.Errorf("waiting for table %s: %w", name, err)
	}
	b.report("table", name)
	return nil
}

func (b *Bootstrap) scheduleGroup(ctx context.Context) error {
	_, err := b.schedules.CreateScheduleGroup(ctx, &scheduler.CreateScheduleGroupInput{Name: aws.String(topology.ScheduleGroup)})
	var there *schedulertypes.ConflictException
	if err != nil && !errors.As(err, &there) {
		return fmt.Errorf("creating schedule group %s: %w", topology.ScheduleGroup, err)
	}
	b.report("schedule group", topology.ScheduleGroup)
	return nil
}
