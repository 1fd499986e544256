package provisioner

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
)

// EC2 is what the provisioner needs of EC2.
type EC2 interface {
	RunInstances(context.Context, *ec2.RunInstancesInput, ...func(*ec2.Options)) (*ec2.RunInstancesOutput, error)
	DescribeInstances(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error)
	TerminateInstances(context.Context, *ec2.TerminateInstancesInput, ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error)
}

var _ EC2 = (*ec2.Client)(nil)

// instance is what is seen of one instance.
type instance struct {
	id      string
	address netip.Addr
	state   types.InstanceStateName
	region  string
	// request is the value of its tag, launched the zero time where EC2 does
	// not say.
	request  string
	launched time.Time
}

// ended reports whether it will not come up any more. A stopped one is over
// too: nobody of ours stops instances.
func (i instance) ended() bool {
	switch i.state {
	case types.InstanceStateNamePending, types.InstanceStateNameRunning:
		return false
	default:
		return true
	}
}

func inRegion(region string) func(*ec2.Options) {
	return func(o *ec2.Options) {
		if region != "" {
			o.Region = region
		}
	}
}

// byID looks at one instance. EC2 not knowing it is no error, and no proof
// (facts: EC2): false.
func (s *Service) byID(ctx context.Context, region, id string) (instance, bool, error) {
	found, err := s.describe(ctx, region, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if isNotFound(err) {
		return instance{}, false, nil
	}
	if err != nil || len(found) == 0 {
		return instance{}, false, err
	}
	return found[0], true, nil
}

// byToken looks for what a client token has made.
func (s *Service) byToken(ctx context.Context, region, token string) ([]instance, error) {
	return s.describe(ctx, region, &ec2.DescribeInstancesInput{Filters: []types.Filter{where("client-token", token)}})
}

// byTag looks for what we made for a request.
func (s *Service) byTag(ctx context.Context, region, request string) ([]instance, error) {
	return s.describe(ctx, region, &ec2.DescribeInstancesInput{Filters: []types.Filter{
		s.ours(), where("tag:"+TagRequest, request),
	}})
}

// ours keeps another installation's instances out of sight.
func (s *Service) ours() types.Filter { return where("tag:"+TagInstallation, s.catalog.Installation()) }

func where(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}

func (s *Service) describe(ctx context.Context, region string, in *ec2.DescribeInstancesInput) ([]instance, error) {
	var out []instance
	for {
		page, err := s.ec2.DescribeInstances(ctx, in, inRegion(region))
		if err != nil {
			return nil, fmt.Errorf("looking at instances in %q: %w", region, err)
		}
		for _, r := range page.Reservations {
			for _, i := range r.Instances {
				out = append(out, seen(i, region))
			}
		}
		if aws.ToString(page.NextToken) == "" {
			return out, nil
		}
		in.NextToken = page.NextToken
	}
}

// seen reads what EC2 says of an instance. One that is terminated has no
// address any more.
func seen(i types.Instance, region string) instance {
	out := instance{id: aws.ToString(i.InstanceId), region: region}
	if i.State != nil {
		out.state = i.State.Name
	}
	for _, tag := range i.Tags {
		if aws.ToString(tag.Key) == TagRequest {
			out.request = aws.ToString(tag.Value)
		}
	}
	out.launched = aws.ToTime(i.LaunchTime).UTC()
	out.address, _ = netip.ParseAddr(aws.ToString(i.PrivateIpAddress))
	return out
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func isNotFound(err error) bool {
	c := code(err)
	return c == "InvalidInstanceID.NotFound" || c == "InvalidInstanceID.Malformed"
}

// isCapacity reports an error that is of one instance type or one subnet, so
// that another may do.
func isCapacity(err error) bool {
	return slices.Contains([]string{
		"InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientCapacity",
		"InsufficientFreeAddressesInSubnet", "InsufficientAddressCapacity", "Unsupported",
		"InstanceLimitExceeded", "VcpuLimitExceeded", "InvalidSubnetID.NotFound",
	}, code(err))
}

// isRefusal reports an error that the same call will meet again whenever and
// wherever it is made.
func isRefusal(err error) bool {
	c := code(err)
	for _, prefix := range []string{
		"UnauthorizedOperation", "AuthFailure", "OptInRequired", "Blocked", "InvalidParameter", "MissingParameter",
		"InvalidLaunchTemplate", "InvalidAMIID", "InvalidUserData", "InvalidGroup", "InvalidIamInstanceProfile",
	} {
		if strings.HasPrefix(c, prefix) {
			return true
		}
	}
	return false
}
