package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/powerpole/powerpole/deploy/powerpole/dlq"
	"github.com/powerpole/powerpole/deploy/powerpole/visitor"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/topology"
)

// left is everything that is still there of leases, by looking at MariaDB and
// AWS themselves.
func (s *stage) left(ctx context.Context) (left []string, err error) {
	var errs []error
	for _, look := range []func(context.Context) ([]string, error){
		s.accountsLeft, s.instancesLeft, s.schedulesLeft, s.secretsLeft, s.messagesLeft, s.deadLetters,
	} {
		found, err := look(ctx)
		left, errs = append(left, found...), append(errs, err)
	}
	return left, errors.Join(errs...)
}

// accountsLeft are accounts that were not there at the beginning, and
// connections of anybody but the administrator.
func (s *stage) accountsLeft(ctx context.Context) (left []string, err error) {
	now, err := s.allAccounts(ctx)
	for account := range now {
		if !s.accounts[account] {
			left = append(left, "account "+account)
		}
	}
	if err != nil {
		return left, err
	}
	users, err := s.query(ctx, "SELECT USER FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID()")
	for _, user := range users {
		if user != s.database.User && user != "system user" && user != "event_scheduler" {
			left = append(left, "connection of "+user)
		}
	}
	return left, err
}

func (s *stage) allAccounts(ctx context.Context) (map[string]bool, error) {
	names, err := s.query(ctx, "SELECT CONCAT(User, '@', Host) FROM mysql.user")
	out := map[string]bool{}
	for _, n := range names {
		out[n] = true
	}
	return out, err
}

// query asks MariaDB as PowerPole's administrator.
func (s *stage) query(ctx context.Context, text string) (out []string, err error) {
	conn, closeIt, err := visitor.Connect(ctx, s.database, visitor.Login{User: s.database.User, Password: s.database.Password}, visitor.Loopback)
	if err != nil {
		return nil, err
	}
	defer closeIt()
	rows, err := conn.QueryContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("asking the database: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, fmt.Errorf("asking the database: %w", err)
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func (s *stage) instancesLeft(ctx context.Context) (left []string, err error) {
	pages := ec2.NewDescribeInstancesPaginator(ec2.NewFromConfig(s.aws), &ec2.DescribeInstancesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Reservations {
			for _, i := range r.Instances {
				if i.State.Name != ec2types.InstanceStateNameTerminated {
					left = append(left, "instance "+aws.ToString(i.InstanceId))
				}
			}
		}
	}
	return left, nil
}

// schedulesLeft are those of PowerPole's group: the sweeps' are of another.
func (s *stage) schedulesLeft(ctx context.Context) (left []string, err error) {
	pages := scheduler.NewListSchedulesPaginator(scheduler.NewFromConfig(s.aws), &scheduler.ListSchedulesInput{
		GroupName: aws.String(topology.ScheduleGroup),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, one := range page.Schedules {
			left = append(left, "schedule "+aws.ToString(one.Name))
		}
	}
	return left, nil
}

func (s *stage) secretsLeft(ctx context.Context) (left []string, err error) {
	pages := secretsmanager.NewListSecretsPaginator(secretsmanager.NewFromConfig(s.aws), &secretsmanager.ListSecretsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, one := range page.SecretList {
			if strings.HasPrefix(aws.ToString(one.Name), credential.Prefix) {
				left = append(left, "secret "+aws.ToString(one.Name))
			}
		}
	}
	return left, nil
}

// messagesLeft are those that services have not acknowledged.
func (s *stage) messagesLeft(ctx context.Context) (left []string, err error) {
	queues := sqs.NewFromConfig(s.aws)
	for _, service := range topology.Services() {
		if service.Queue() == "" {
			continue
		}
		url, err := queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(service.Queue())})
		if err != nil {
			return nil, err
		}
		out, err := queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
			QueueUrl: url.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll},
		})
		if err != nil {
			return nil, err
		}
		for _, count := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"} {
			if n := out.Attributes[count]; n != "0" {
				left = append(left, fmt.Sprintf("queue %s: %s %s", service.Queue(), n, count))
			}
		}
	}
	return left, nil
}

func (s *stage) deadLetters(ctx context.Context) (left []string, err error) {
	requests, err := dlq.NewApprovalLog(dynamodb.NewFromConfig(s.aws))
	if err != nil {
		return nil, err
	}
	letters, _, err := dlq.New(sqs.NewFromConfig(s.aws), requests).List(ctx, dlq.Choice{Limit: 1000})
	for _, l := range letters {
		left = append(left, fmt.Sprintf("dead letter %+v", l))
	}
	return left, err
}

// spoken are the processes whose logs hold a password.
func (s *stage) spoken(passwords []string) (out []finding) {
	for _, f := range s.files {
		b, err := os.ReadFile(f.Name())
		if err != nil {
			return append(out, finding{"", err.Error()})
		}
		for _, p := range passwords {
			if strings.Contains(string(b), p) {
				out = append(out, finding{"", "a lease's password is in " + f.Name()})
			}
		}
	}
	return out
}
