package ec2_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/powerpole/powerpole/deploy/local/aws/ec2"
	"github.com/powerpole/powerpole/deploy/local/aws/wire/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bus remembers what EC2 put on it.
type bus struct {
	mu   sync.Mutex
	seen []string
}

func (b *bus) Put(_ context.Context, source, detailType string, detail json.RawMessage) error {
	var d struct {
		ID    string `json:"instance-id"`
		State string `json:"state"`
	}
	if err := json.Unmarshal(detail, &d); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = append(b.seen, source+"/"+detailType+"/"+d.State)
	return nil
}

// states returns the states told so far.
func (b *bus) states(t *testing.T) []string {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, s := range b.seen {
		const prefix = "aws.ec2/EC2 Instance State-change Notification/"
		if len(s) < len(prefix) || s[:len(prefix)] != prefix {
			t.Fatalf("event %q is no state change of EC2", s)
		}
		out = append(out, s[len(prefix):])
	}
	return out
}

func setup(t *testing.T, o ec2.Options) (*ec2.Server, *awsec2.Client) {
	t.Helper()
	s, err := ec2.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, awsec2.NewFromConfig(wiretest.Config(s))
}

// order is a launch as the provisioner makes it.
func order(token string) *awsec2.RunInstancesInput {
	return &awsec2.RunInstancesInput{
		ImageId: aws.String("ami-1"), InstanceType: types.InstanceTypeT4gNano, SubnetId: aws.String("subnet-a"),
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1), ClientToken: aws.String(token),
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeInstance,
			Tags:         []types.Tag{{Key: aws.String("powerpole:request"), Value: aws.String(token)}},
		}},
	}
}

func launch(t *testing.T, c *awsec2.Client, in *awsec2.RunInstancesInput) types.Instance {
	t.Helper()
	out, err := c.RunInstances(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Instances) != 1 {
		t.Fatalf("%d instances launched, want 1", len(out.Instances))
	}
	return out.Instances[0]
}

func describe(t *testing.T, c *awsec2.Client, filters ...types.Filter) []types.Instance {
	t.Helper()
	out, err := c.DescribeInstances(t.Context(), &awsec2.DescribeInstancesInput{Filters: filters})
	if err != nil {
		t.Fatal(err)
	}
	var all []types.Instance
	for _, r := range out.Reservations {
		all = append(all, r.Instances...)
	}
	return all
}

func terminate(t *testing.T, c *awsec2.Client, ids ...string) []types.InstanceStateChange {
	t.Helper()
	out, err := c.TerminateInstances(t.Context(), &awsec2.TerminateInstancesInput{InstanceIds: ids})
	if err != nil {
		t.Fatal(err)
	}
	return out.TerminatingInstances
}

func where(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Errorf("error %v, want code %s", err, code)
	}
}

func wantStates(t *testing.T, b *bus, want ...string) {
	t.Helper()
	if got := b.states(t); !slices.Equal(got, want) {
		t.Errorf("states told %v, want %v", got, want)
	}
}

func TestAPrefixOutsideTheLoopbackNetworkIsRefused(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"10.0.0.0/16", "0.0.0.0/0", "127.0.0.0/30", "::1/128"} {
		if _, err := ec2.New(ec2.Options{Prefix: netip.MustParsePrefix(p)}); err == nil {
			t.Errorf("prefix %s was taken", p)
		}
	}
}

func TestAnUnknownActionOrParameterIsRefused(t *testing.T) {
	t.Parallel()
	_, c := setup(t, ec2.Options{})
	_, err := c.DescribeVpcs(t.Context(), &awsec2.DescribeVpcsInput{})
	wantCode(t, err, "InvalidAction")
	in := order("a")
	in.InstanceMarketOptions = &types.InstanceMarketOptionsRequest{MarketType: types.MarketTypeSpot}
	_, err = c.RunInstances(t.Context(), in)
	wantCode(t, err, "UnknownParameter")
}

func TestADryRunDoesNothing(t *testing.T) {
	t.Parallel()
	s, c := setup(t, ec2.Options{})
	in := order("a")
	in.DryRun = aws.Bool(true)
	_, err := c.RunInstances(t.Context(), in)
	wantCode(t, err, "DryRunOperation")
	if got := s.Instances(); len(got) != 0 {
		t.Errorf("instances %v, want none", got)
	}
}
