package grantor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/reason"
)

// The tags on every bastion, from its launch call on: whose it is, and for what.
const (
	installationTag = "powerpole:installation"
	requestTag      = "powerpole:request"
)

// wrongInstance says in which way EC2 contradicts what InstanceReady said, "" if
// it does not. An instance that EC2 does not show yet is asked for again: EC2 is
// eventually consistent.
func (s *Service) wrongInstance(ctx context.Context, request string, r Ready) (string, error) {
	out, err := s.EC2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{r.InstanceID}},
		func(o *ec2.Options) { o.Region = r.Region })
	if api := smithy.APIError(nil); errors.As(err, &api) && api.ErrorCode() == "InvalidInstanceID.NotFound" {
		return "", bus.Later(2*time.Second, fmt.Errorf("looking at instance %q: EC2 does not show it", r.InstanceID))
	}
	if err != nil {
		return "", fmt.Errorf("looking at instance %q: %w", r.InstanceID, err)
	}
	for _, reservation := range out.Reservations {
		for _, i := range reservation.Instances {
			if aws.ToString(i.InstanceId) == r.InstanceID {
				return s.contradiction(i, request, r), nil
			}
		}
	}
	return "", bus.Later(2*time.Second, fmt.Errorf("looking at instance %q: it is not in the answer", r.InstanceID))
}

func (s *Service) contradiction(i types.Instance, request string, r Ready) string {
	tags := map[string]string{}
	for _, t := range i.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	switch {
	case tags[requestTag] != request:
		return reason.WrongRequest.Say(r.InstanceID, tags[requestTag])
	case tags[installationTag] != s.Catalog.Installation():
		return reason.WrongInstallation.Say(r.InstanceID, tags[installationTag])
	case aws.ToString(i.PrivateIpAddress) != r.PrivateIP.String():
		return reason.WrongAddress.Say(r.InstanceID, aws.ToString(i.PrivateIpAddress), r.PrivateIP)
	case i.State == nil || i.State.Name != types.InstanceStateNameRunning:
		return reason.NotRunning.Say(r.InstanceID)
	default:
		return ""
	}
}
