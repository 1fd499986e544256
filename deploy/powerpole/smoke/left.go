package smoke

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/powerpole/powerpole/deploy/powerpole/visitor"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/topology"
)

// nothingLeft reads the receipt and then looks itself: account, instance,
// schedules, secret, direct message.
func (r *run) nothingLeft(ctx context.Context, l *lease) error {
	for _, typ := range []string{"Expired", "Revoked", "InstanceTerminated", "Reaped"} {
		s, err := r.tap.Wait(ctx, r.result.RequestID, typ)
		if err != nil {
			return err
		}
		r.step("%s, %d ms after the end", typ, s.Detail.OccurredAt.Sub(l.granted.ExpiresAt).Milliseconds())
	}
	for what, look := range map[string]func(context.Context, *lease) error{
		"receipt": r.receipt, "account": r.accountGone, "instance": r.instanceGone, "schedules": r.schedulesGone, "secret": r.secretGone,
		"direct message": r.passwordGone,
	} {
		if err := look(ctx, l); err != nil {
			return fmt.Errorf("looking at the %s afterwards: %w", what, err)
		}
	}
	r.step("account, instance, schedules and secret are gone; the direct message no longer holds the password")
	return nil
}

func (r *run) receipt(ctx context.Context, _ *lease) error {
	s, err := r.tap.Wait(ctx, r.result.RequestID, "Reaped")
	if err != nil {
		return err
	}
	var e event.Reaped
	if err := json.Unmarshal(s.Detail.Data, &e); err != nil {
		return err
	}
	if e.Cause != event.ByTime || e.Account.Outcome != event.Gone || e.Instance.Outcome != event.Gone || !e.Account.SecretDeleted {
		return fmt.Errorf("it says %s", s.Detail.Data)
	}
	return nil
}

// accountGone asks the server as its administrator.
func (r *run) accountGone(ctx context.Context, l *lease) error {
	db := r.Endpoints.Database
	admin, closeIt, err := visitor.Connect(ctx, db, visitor.Login{User: db.User, Password: db.Password}, visitor.Loopback)
	if err != nil {
		return err
	}
	defer closeIt()
	var n int
	if err := admin.QueryRowContext(ctx, "SELECT COUNT(*) FROM mysql.user WHERE User = ?", l.granted.User).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return fmt.Errorf("%s is still there", l.granted.User)
	}
	return nil
}

func (r *run) instanceGone(ctx context.Context, l *lease) error {
	cat, _, err := catalog.Load(r.Endpoints.Catalog)
	if err != nil {
		return err
	}
	out, err := ec2.NewFromConfig(r.aws).DescribeInstances(ctx, &ec2.DescribeInstancesInput{Filters: []ec2types.Filter{
		{Name: aws.String("tag:powerpole:request"), Values: []string{r.result.RequestID}},
		{Name: aws.String("tag:powerpole:installation"), Values: []string{cat.Installation()}},
	}})
	if err != nil {
		return err
	}
	if len(out.Reservations) == 0 {
		return errors.New("no instance bears the tags of the request and of its installation")
	}
	for _, reservation := range out.Reservations {
		for _, i := range reservation.Instances {
			if i.State.Name != ec2types.InstanceStateNameTerminated {
				return fmt.Errorf("%s is %s", aws.ToString(i.InstanceId), i.State.Name)
			}
		}
	}
	return nil
}

func (r *run) schedulesGone(ctx context.Context, _ *lease) error {
	out, err := scheduler.NewFromConfig(r.aws).ListSchedules(ctx, &scheduler.ListSchedulesInput{
		GroupName: aws.String(topology.ScheduleGroup), NamePrefix: &r.result.RequestID,
	})
	if err != nil {
		return err
	}
	if len(out.Schedules) > 0 {
		return fmt.Errorf("%s is still there", aws.ToString(out.Schedules[0].Name))
	}
	return nil
}

func (r *run) secretGone(ctx context.Context, _ *lease) error {
	_, err := secretsmanager.NewFromConfig(r.aws).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{
		SecretId: aws.String(credential.Name(r.result.RequestID)),
	})
	var gone *smtypes.ResourceNotFoundException
	if !errors.As(err, &gone) {
		return fmt.Errorf("reading it gave %w, want ResourceNotFoundException", err)
	}
	return nil
}

func (r *run) passwordGone(ctx context.Context, l *lease) error {
	return visitor.Until(ctx, "the direct message to be edited", func() (bool, error) {
		m, err := r.directMessage(ctx)
		return !strings.Contains(m.Text+string(m.Blocks), l.login.Password), err
	})
}
