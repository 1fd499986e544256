package provisioner_test

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

var errCut = errors.New("the line was cut")

// cloud is an EC2 and an SSM whose answers can get lost, before or after the
// effect, and whose looks can be blind.
type cloud struct {
	*ec2.Client
	ssm *ssm.Client

	mu       sync.Mutex
	launches []*ec2.RunInstancesInput
	asked    []string // instances whose termination was asked for
	skip     int      // calls with an effect that come through before any fails
	before   int      // the next calls with an effect fail without it
	after    int      // the next calls with an effect fail after it
	blind    bool     // instances are not to be found
	blindTo  string   // nor by this filter; "id" for the id
	noSSM    bool     // sessions cannot be listed
	looks    int      // calls of DescribeInstances
	shown    int      // instances that DescribeInstances showed
	noEC2    bool     // instances cannot be listed
	deaf     int      // the next terminations are answered and not done
}

func (c *cloud) fate() (before, after bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.skip > 0:
		c.skip--
	case c.before > 0:
		c.before--
		return true, false
	case c.after > 0:
		c.after--
		return false, true
	}
	return false, false
}

func (c *cloud) RunInstances(ctx context.Context, in *ec2.RunInstancesInput, o ...func(*ec2.Options)) (*ec2.RunInstancesOutput, error) {
	before, after := c.fate()
	if before {
		return nil, errCut
	}
	c.mu.Lock()
	c.launches = append(c.launches, in)
	c.mu.Unlock()
	out, err := c.Client.RunInstances(ctx, in, o...)
	if after {
		return nil, errCut
	}
	return out, err
}

func (c *cloud) TerminateInstances(ctx context.Context, in *ec2.TerminateInstancesInput, o ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error) {
	before, after := c.fate()
	if before {
		return nil, errCut
	}
	c.mu.Lock()
	c.asked = append(c.asked, in.InstanceIds...)
	c.deaf--
	deaf := c.deaf >= 0
	c.mu.Unlock()
	if deaf {
		return &ec2.TerminateInstancesOutput{}, nil
	}
	out, err := c.Client.TerminateInstances(ctx, in, o...)
	if after {
		return nil, errCut
	}
	return out, err
}

func (c *cloud) DescribeInstances(ctx context.Context, in *ec2.DescribeInstancesInput, o ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	c.mu.Lock()
	blind := c.blind || c.blindTo == "id" && len(in.InstanceIds) > 0
	for _, f := range in.Filters {
		blind = blind || *f.Name == c.blindTo
	}
	c.looks++
	away := c.noEC2
	c.mu.Unlock()
	if away {
		return nil, errCut
	}
	if blind {
		return &ec2.DescribeInstancesOutput{}, nil
	}
	out, err := c.Client.DescribeInstances(ctx, in, o...)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		for _, r := range out.Reservations {
			c.shown += len(r.Instances)
		}
	}
	return out, err
}

func (c *cloud) GetConnectionStatus(ctx context.Context, in *ssm.GetConnectionStatusInput, o ...func(*ssm.Options)) (*ssm.GetConnectionStatusOutput, error) {
	return c.ssm.GetConnectionStatus(ctx, in, o...)
}

func (c *cloud) DescribeSessions(ctx context.Context, in *ssm.DescribeSessionsInput, o ...func(*ssm.Options)) (*ssm.DescribeSessionsOutput, error) {
	if c.noSSM {
		return nil, errCut
	}
	return c.ssm.DescribeSessions(ctx, in, o...)
}

func (c *cloud) TerminateSession(ctx context.Context, in *ssm.TerminateSessionInput, o ...func(*ssm.Options)) (*ssm.TerminateSessionOutput, error) {
	before, after := c.fate()
	if before {
		return nil, errCut
	}
	out, err := c.ssm.TerminateSession(ctx, in, o...)
	if after {
		return nil, errCut
	}
	return out, err
}
