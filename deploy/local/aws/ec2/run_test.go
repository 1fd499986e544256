package ec2_test

import (
	"encoding/base64"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/powerpole/powerpole/deploy/local/aws/ec2"
)

func TestTheSameTokenAndParametersAreTheSameInstance(t *testing.T) {
	t.Parallel()
	s, c := setup(t, ec2.Options{})
	first, again := launch(t, c, order("a")), launch(t, c, order("a"))
	if *first.InstanceId != *again.InstanceId {
		t.Errorf("instances %s and %s of one token", *first.InstanceId, *again.InstanceId)
	}
	if n := len(s.Instances()); n != 1 {
		t.Errorf("%d instances, want 1", n)
	}
	if other := launch(t, c, order("b")); *other.InstanceId == *first.InstanceId {
		t.Error("another token gave the same instance")
	}
}

func TestTheSameTokenWithOtherParametersIsAMismatch(t *testing.T) {
	t.Parallel()
	_, c := setup(t, ec2.Options{})
	launch(t, c, order("a"))
	in := order("a")
	in.SubnetId = aws.String("subnet-b")
	_, err := c.RunInstances(t.Context(), in)
	wantCode(t, err, "IdempotentParameterMismatch")
}

func TestATokenOutlivesItsInstanceBy24Hours(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, c := setup(t, ec2.Options{})
		first := launch(t, c, order("a"))
		terminate(t, c, *first.InstanceId)
		time.Sleep(24*time.Hour - time.Second)
		again := launch(t, c, order("a"))
		if *again.InstanceId != *first.InstanceId || again.State.Name != types.InstanceStateNameTerminated {
			t.Errorf("instance %s %s, want %s terminated", *again.InstanceId, again.State.Name, *first.InstanceId)
		}
		time.Sleep(time.Second)
		if again = launch(t, c, order("a")); *again.InstanceId == *first.InstanceId {
			t.Error("the token still stands after 24 hours")
		}
	})
}

func TestExhaustedCapacityFailsOnlyThatTypeInThatSubnetAndSparesTheToken(t *testing.T) {
	t.Parallel()
	s, c := setup(t, ec2.Options{})
	s.Exhaust("t4g.nano", "subnet-a")
	_, err := c.RunInstances(t.Context(), order("a"))
	wantCode(t, err, "InsufficientInstanceCapacity")
	other := order("a")
	other.SubnetId = aws.String("subnet-b")
	launch(t, c, other)
	s.Replenish("t4g.nano", "subnet-a")
	launch(t, c, order("c"))
}

func TestWhatALaunchAsksForCanBeInspected(t *testing.T) {
	t.Parallel()
	s, c := setup(t, ec2.Options{})
	in := order("a")
	in.SubnetId = nil
	in.UserData = aws.String(base64.StdEncoding.EncodeToString([]byte("#!/bin/sh")))
	in.InstanceInitiatedShutdownBehavior = types.ShutdownBehaviorTerminate
	in.MetadataOptions = &types.InstanceMetadataOptionsRequest{HttpTokens: types.HttpTokensStateRequired, HttpPutResponseHopLimit: aws.Int32(1)}
	in.BlockDeviceMappings = []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{Encrypted: aws.Bool(true)}}}
	in.IamInstanceProfile = &types.IamInstanceProfileSpecification{Name: aws.String("bastion")}
	in.NetworkInterfaces = []types.InstanceNetworkInterfaceSpecification{{
		DeviceIndex: aws.Int32(0), SubnetId: aws.String("subnet-n"), Groups: []string{"sg-1"}, AssociatePublicIpAddress: aws.Bool(false),
	}}
	i := launch(t, c, in)
	if *i.SubnetId != "subnet-n" || i.PublicIpAddress != nil || *i.SecurityGroups[0].GroupId != "sg-1" {
		t.Errorf("instance %+v", i)
	}
	if i.MetadataOptions.HttpTokens != types.HttpTokensStateRequired || *i.IamInstanceProfile.Arn != "arn:aws:iam::000000000000:instance-profile/bastion" {
		t.Errorf("metadata %+v, profile %v", i.MetadataOptions, *i.IamInstanceProfile.Arn)
	}
	got, _ := s.Instance(*i.InstanceId)
	if !*got.Spec.BlockDevices[0].EBS.Encrypted || *got.Spec.NetworkInterfaces[0].AssociatePublicIPAddress ||
		got.Spec.UserData != *in.UserData || got.Spec.InstanceInitiatedShutdownBehavior != "terminate" {
		t.Errorf("spec %+v", got.Spec)
	}
}

func TestALaunchThatEC2WouldRefuseIsRefused(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		code string
		edit func(*awsec2.RunInstancesInput)
	}{
		"no image":        {"MissingParameter", func(in *awsec2.RunInstancesInput) { in.ImageId = nil }},
		"long token":      {"InvalidParameterValue", func(in *awsec2.RunInstancesInput) { in.ClientToken = aws.String(strings.Repeat("a", 65)) }},
		"no count":        {"InvalidParameterValue", func(in *awsec2.RunInstancesInput) { in.MinCount = aws.Int32(0) }},
		"plain user data": {"InvalidUserData.Malformed", func(in *awsec2.RunInstancesInput) { in.UserData = aws.String("#!") }},
		"unknown subnet":  {"InvalidSubnetID.NotFound", func(in *awsec2.RunInstancesInput) { in.SubnetId = aws.String("subnet-x") }},
		"unknown template": {"InvalidLaunchTemplateName.NotFoundException", func(in *awsec2.RunInstancesInput) {
			in.LaunchTemplate = &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String("x")}
		}},
		"strange address": {"InvalidParameterValue", func(in *awsec2.RunInstancesInput) { in.PrivateIpAddress = aws.String("10.0.0.1") }},
		"two subnets": {"InvalidParameterCombination", func(in *awsec2.RunInstancesInput) {
			in.NetworkInterfaces = []types.InstanceNetworkInterfaceSpecification{{DeviceIndex: aws.Int32(0), SubnetId: aws.String("subnet-a")}}
		}},
		"reserved tag": {"InvalidParameterValue", func(in *awsec2.RunInstancesInput) { in.TagSpecifications[0].Tags[0].Key = aws.String("aws:x") }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := setup(t, ec2.Options{Subnets: []string{"subnet-a"}})
			in := order("a")
			tc.edit(in)
			_, err := c.RunInstances(t.Context(), in)
			wantCode(t, err, tc.code)
			if n := len(s.Instances()); n != 0 {
				t.Errorf("%d instances, want none", n)
			}
		})
	}
}

func TestAddressesComeFromThePrefixWithoutTheOnesAVPCKeeps(t *testing.T) {
	t.Parallel()
	_, c := setup(t, ec2.Options{Prefix: netip.MustParsePrefix("127.9.9.8/29")})
	var got []string
	for _, token := range []string{"a", "b", "c"} {
		got = append(got, *launch(t, c, order(token)).PrivateIpAddress)
	}
	if strings.Join(got, " ") != "127.9.9.12 127.9.9.13 127.9.9.14" {
		t.Errorf("addresses %v", got)
	}
	_, err := c.RunInstances(t.Context(), order("d"))
	wantCode(t, err, "InsufficientFreeAddressesInSubnet")
}

func TestAnAddressIsFreeOnceItsInstanceIsTerminatedAndNotBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, c := setup(t, ec2.Options{ShuttingDown: time.Minute})
		in := order("a")
		in.PrivateIpAddress = aws.String("127.77.3.3")
		i := launch(t, c, in)
		terminate(t, c, *i.InstanceId)
		in.ClientToken = aws.String("b")
		_, err := c.RunInstances(t.Context(), in)
		wantCode(t, err, "InvalidIPAddress.InUse")
		time.Sleep(time.Minute)
		synctest.Wait()
		if again := launch(t, c, in); *again.PrivateIpAddress != "127.77.3.3" {
			t.Errorf("address %s", *again.PrivateIpAddress)
		}
	})
}

func TestAFreedAddressComesBackAtOnceOnlyIfAskedFor(t *testing.T) {
	t.Parallel()
	for _, reuse := range []bool{false, true} {
		_, c := setup(t, ec2.Options{ReuseAddresses: reuse})
		first := launch(t, c, order("a"))
		terminate(t, c, *first.InstanceId)
		second := launch(t, c, order("b"))
		if same := *first.PrivateIpAddress == *second.PrivateIpAddress; same != reuse {
			t.Errorf("ReuseAddresses %v: %s then %s", reuse, *first.PrivateIpAddress, *second.PrivateIpAddress)
		}
	}
}

func TestManyCallsWithOneTokenAtOnceAreOneInstance(t *testing.T) {
	t.Parallel()
	s, c := setup(t, ec2.Options{Pending: time.Millisecond})
	var calls sync.WaitGroup
	for range 50 {
		calls.Go(func() {
			if _, err := c.RunInstances(t.Context(), order("a")); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if n := len(s.Instances()); n != 1 {
		t.Errorf("%d instances, want 1", n)
	}
}

func TestACallGetsAsManyInstancesAsThereAreAddressesButNoFewerThanItNeeds(t *testing.T) {
	t.Parallel()
	s, c := setup(t, ec2.Options{Prefix: netip.MustParsePrefix("127.9.9.0/29")})
	in := order("a")
	in.MinCount, in.MaxCount = aws.Int32(4), aws.Int32(5)
	_, err := c.RunInstances(t.Context(), in)
	wantCode(t, err, "InsufficientFreeAddressesInSubnet")
	if n := len(s.Instances()); n != 0 {
		t.Fatalf("%d instances of a call that failed", n)
	}
	in.MinCount = aws.Int32(2)
	out, err := c.RunInstances(t.Context(), in)
	if err != nil || len(out.Instances) != 3 {
		t.Fatalf("instances %+v, %v", out, err)
	}
	seen, err := c.DescribeInstances(t.Context(), &awsec2.DescribeInstancesInput{})
	if err != nil || len(seen.Reservations) != 1 || len(seen.Reservations[0].Instances) != 3 {
		t.Errorf("one launch is seen as %+v, %v", seen, err)
	}
}
