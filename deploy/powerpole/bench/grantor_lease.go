package main

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// benchLease is one request with its bastion.
type benchLease struct {
	id      string
	address netip.Addr
	startBy time.Time
}

// name is the account's: no other has it within it.
func name(i int) string { return fmt.Sprintf("lease%03d", i) }

// launch brings a request to where only Armed is missing.
func (r *grantorRig) launch(ctx context.Context, i int) (*benchLease, error) {
	now := time.Now().UTC()
	l := &benchLease{id: event.NewRequestID(), startBy: now.Add(10 * time.Minute)}
	token, err := r.signer.Warrant(warrant.Warrant{
		RequestID: l.id, Purpose: warrant.PurposeGrant, Owner: warrant.Person{Team: "T1", User: "U1", Email: name(i) + "@example.com"},
		Cluster: "shop", Databases: []string{"shop"}, Role: "READ", Privileges: []string{"SELECT", "SHOW VIEW"},
		Duration: time.Hour, Approvers: []warrant.Person{{Team: "T1", User: "U2", Email: "hanako@example.com"}},
		PolicyHash: "p", StartBy: l.startBy, EndBy: now.Add(8 * time.Hour), IssuedAt: now,
	})
	if err != nil {
		return nil, err
	}
	out, err := r.ec2.RunInstances(ctx, &ec2.RunInstancesInput{
		ImageId: aws.String("ami-0123456789abcdef0"), InstanceType: types.InstanceTypeT4gNano, SubnetId: aws.String("subnet-1"),
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{
				{Key: aws.String("powerpole:request"), Value: &l.id}, {Key: aws.String("powerpole:installation"), Value: aws.String("bench")},
			},
		}},
	})
	if err != nil {
		return nil, err
	}
	bastion := out.Instances[0]
	if l.address, err = netip.ParseAddr(aws.ToString(bastion.PrivateIpAddress)); err != nil {
		return nil, err
	}
	ready := event.InstanceReady{
		InstanceID: aws.ToString(bastion.InstanceId), PrivateIP: l.address, Region: "us-east-1", SessionURL: "https://example.com/s", Warrant: token,
	}
	return l, r.service.OnInstanceReady(ctx, typed(l, event.Provisioner, ready))
}

func (l *benchLease) armed() event.Typed[event.Armed] {
	return typed(l, event.Reaper, event.Armed{Stop: "start", At: l.startBy, Generation: 1})
}

func (l *benchLease) expired() event.Typed[event.Expired] {
	return typed(l, event.Reaper, event.Expired{Cause: event.ByTime, EndedAt: time.Now().UTC()})
}

func typed[T event.Data](l *benchLease, source event.Source, data T) event.Typed[T] {
	return event.Typed[T]{Source: source, Data: data, Header: event.Header{
		ID: event.ID(source, data.EventType(), l.id, ""), RequestID: l.id, Version: 1, OccurredAt: time.Now().UTC(),
	}}
}
