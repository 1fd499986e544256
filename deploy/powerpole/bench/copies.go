package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"golang.org/x/sync/errgroup"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/deploy/powerpole/visitor"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/services/approval"
	"github.com/powerpole/powerpole/services/grantor"
	"github.com/powerpole/powerpole/services/notifier"
	"github.com/powerpole/powerpole/services/provisioner"
	"github.com/powerpole/powerpole/services/reaper"
)

// copies makes leases as like one that the services made as that is itself:
// every record and log with other names, an instance, schedules and an account.
// What a person has of it, its message and its secret, they share.
type copies struct {
	model     string // the request's id
	launch    provisioner.Launch
	user      string
	copiers   []copier
	instance  ec2.RunInstancesInput
	schedules []scheduler.CreateScheduleInput
	ec2       *ec2.Client
	scheduler *scheduler.Client
	admin     *sql.Conn
	close     func()
	made      int
}

// copier writes one service's part of a copy.
type copier func(ctx context.Context, id string, names *strings.Replacer) error

func newCopies(ctx context.Context, d *demo.Demo, model string) (*copies, error) {
	cfg, e := d.AWS.Config(), d.Endpoints()
	c := &copies{model: model, ec2: ec2.NewFromConfig(cfg), scheduler: scheduler.NewFromConfig(cfg)}
	db := dynamodb.NewFromConfig(cfg)
	approvals, _, err1 := records[approval.State](ctx, db, "approval", model)
	launches, launched, err2 := records[provisioner.State](ctx, db, "provisioner", model)
	grants, granted, err3 := records[grantor.State](ctx, db, "grantor", model)
	messages, _, err4 := records[notifier.State](ctx, db, "notifier", model)
	leases, _, err5 := records[reaper.State](ctx, db, "reaper", model)
	decisions, err6 := decided(ctx, db, model)
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return nil, err
	}
	c.copiers = []copier{decisions, approvals, launches, grants, messages, leases}
	c.launch, c.user = launched.Launches[0], granted.Account.User
	if err := errors.Join(c.readInstance(ctx), c.readSchedules(ctx)); err != nil {
		return nil, err
	}
	var err error
	c.admin, c.close, err = visitor.Connect(ctx, e.Database, visitor.Login{User: e.Database.User, Password: e.Database.Password}, visitor.Loopback)
	return c, err
}

// records copies a service's record of the model.
func records[T store.State](ctx context.Context, db store.API, service, model string) (copier, T, error) {
	var none T
	place, _ := topology.Find(service)
	table, err := store.NewTable[T](db, place.TableName())
	if err != nil {
		return nil, none, err
	}
	machine, err := store.NewMachine(place.Source, table, mute{})
	if err != nil {
		return nil, none, err
	}
	r, err := table.Load(ctx, model)
	if err != nil || r.Version == 0 || !r.State.Live() || r.Claim != nil || len(r.Owed) > 0 {
		return nil, none, errors.Join(fmt.Errorf("the record of %s of %s is not at rest", service, model), err)
	}
	text, err := json.Marshal(r.State)
	return func(ctx context.Context, id string, names *strings.Replacer) error {
		var st T
		if err := json.Unmarshal([]byte(names.Replace(string(text))), &st); err != nil {
			return err
		}
		return machine.Run(ctx, id, event.Header{RequestID: id}, func(r store.Record[T]) store.Step[T] {
			if r.Version > 0 {
				return store.Done[T]()
			}
			return store.Move(store.Transition[T]{To: func(to *T) { *to = st }})
		})
	}, r.State, err
}

// decided copies approval's log of the model, but for the clicks that were
// refused.
func decided(ctx context.Context, db store.API, model string) (copier, error) {
	log, err := store.NewLog[approval.Entry](db, tableOf("approval"), event.Approval, mute{})
	if err != nil {
		return nil, err
	}
	rows, err := log.Rows(ctx, model)
	return func(ctx context.Context, id string, names *strings.Replacer) error {
		for _, row := range rows {
			if row.Entry.Kind == approval.Refused {
				continue
			}
			text, err := json.Marshal(row.Entry)
			if err != nil {
				return err
			}
			var entry approval.Entry
			if err := json.Unmarshal([]byte(names.Replace(string(text))), &entry); err != nil {
				return err
			}
			before, err := log.Rows(ctx, id)
			if err != nil {
				return err
			}
			if err := log.Append(ctx, id, before, event.Header{RequestID: id}, entry); err != nil {
				return err
			}
		}
		return nil
	}, err
}

// mute publishes nothing: a copy owes nothing.
type mute struct{}

func (mute) Publish(context.Context, ...event.Event) error {
	return errors.New("publishing: a copy says nothing")
}

func (c *copies) readInstance(ctx context.Context) error {
	out, err := c.ec2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{c.launch.InstanceID}})
	if err != nil {
		return err
	}
	c.instance = ec2.RunInstancesInput{
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1), SubnetId: &c.launch.Input.Subnet,
		InstanceType:   types.InstanceType(c.launch.Input.InstanceType),
		LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateName: &c.launch.Input.LaunchTemplate},
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeInstance, Tags: out.Reservations[0].Instances[0].Tags,
		}},
	}
	return nil
}

func (c *copies) readSchedules(ctx context.Context) error {
	out, err := c.scheduler.ListSchedules(ctx, &scheduler.ListSchedulesInput{GroupName: aws.String(topology.ScheduleGroup), NamePrefix: &c.model})
	if err != nil {
		return err
	}
	for _, s := range out.Schedules {
		got, err := c.scheduler.GetSchedule(ctx, &scheduler.GetScheduleInput{GroupName: s.GroupName, Name: s.Name})
		if err != nil {
			return err
		}
		c.schedules = append(c.schedules, scheduler.CreateScheduleInput{
			Name: got.Name, GroupName: got.GroupName, ScheduleExpression: got.ScheduleExpression, ActionAfterCompletion: got.ActionAfterCompletion,
			FlexibleTimeWindow: got.FlexibleTimeWindow, Target: got.Target,
		})
	}
	return nil
}

// upTo makes copies until there are so many leases, the model included.
func (c *copies) upTo(ctx context.Context, leases int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for ; c.made < leases-1; c.made++ {
		n := c.made
		address, instance, err := c.place(ctx, n) // one by one: the administrator has one connection
		if err != nil {
			return errors.Join(err, group.Wait())
		}
		group.Go(func() error { return c.write(ctx, n, address, instance) })
	}
	return group.Wait()
}

// place launches the instance and makes the account.
func (c *copies) place(ctx context.Context, n int) (address, instance string, err error) {
	id, in := copyID(c.model, n), c.instance
	tags := make([]types.Tag, len(in.TagSpecifications[0].Tags))
	for i, tag := range in.TagSpecifications[0].Tags {
		tags[i] = types.Tag{Key: tag.Key, Value: aws.String(strings.ReplaceAll(aws.ToString(tag.Value), c.model, id))}
	}
	in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: tags}}
	out, err := c.ec2.RunInstances(ctx, &in)
	if err != nil {
		return "", "", err
	}
	address, instance = aws.ToString(out.Instances[0].PrivateIpAddress), aws.ToString(out.Instances[0].InstanceId)
	_, err = c.admin.ExecContext(ctx, fmt.Sprintf("CREATE USER '%s'@'%s' IDENTIFIED BY 'Not-a-secret-%d'", copyUser(n), address, n))
	return address, instance, err
}

func (c *copies) write(ctx context.Context, n int, address, instance string) error {
	id := copyID(c.model, n)
	names := strings.NewReplacer(c.model, id, c.launch.InstanceID, instance, c.launch.Address.String(), address,
		c.user, copyUser(n), "U0TARO", fmt.Sprintf("U0BENCH%05d", n))
	for _, write := range c.copiers {
		if err := write(ctx, id, names); err != nil {
			return fmt.Errorf("copying %s: %w", c.model, err)
		}
	}
	for _, in := range c.schedules {
		in.Name = aws.String(names.Replace(*in.Name))
		if _, err := c.scheduler.CreateSchedule(ctx, &in); err != nil {
			return err
		}
	}
	return nil
}

// copyID is the model's id with other digits at its end.
func copyID(model string, n int) string { return fmt.Sprintf("%s%08d", model[:len(model)-8], n) }

func copyUser(n int) string { return fmt.Sprintf("bench.%05d", n) }
