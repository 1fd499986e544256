package provisioner

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/powerpole/powerpole/pkg/catalog"
)

// The tags that every bastion bears from its launch on.
const (
	TagRequest = "powerpole:request"
	// TagInstallation is the catalog's installation: another one may make its
	// bastions in the same account and region, and they are none of ours.
	TagInstallation = "powerpole:installation"
	TagOwner        = "powerpole:owner"
	TagEndBy        = "powerpole:end-by"
)

// Input is all that a launch is made from. It is kept whole: the same client
// token with other parameters is an error in EC2 (IdempotentParameterMismatch).
type Input struct {
	Token          string    `json:"token"`
	Region         string    `json:"region"`
	LaunchTemplate string    `json:"launch_template"`
	InstanceType   string    `json:"instance_type"`
	Subnet         string    `json:"subnet"`
	SecurityGroups []string  `json:"security_groups,omitempty"`
	Installation   string    `json:"installation"`
	Request        string    `json:"request"`
	Owner          string    `json:"owner"`
	EndBy          time.Time `json:"end_by"`
	// UserData is the script that the instance runs at boot. There is no secret
	// in it: everybody on the instance can read it.
	UserData string `json:"user_data"`
}

// newInput is the n-th attempt of a request, counted from 1, at one place of
// the catalog's list.
func (s *Service) newInput(request string, n int, o Order, b catalog.Bastion, at catalog.Capacity) Input {
	return Input{
		Token: fmt.Sprintf("%s-%d", request, n), Region: o.Region, LaunchTemplate: b.LaunchTemplate,
		InstanceType: at.InstanceType, Subnet: at.Subnet, SecurityGroups: s.groups,
		Installation: s.catalog.Installation(), Request: request, Owner: o.Owner, EndBy: o.EndBy, UserData: endTimer(o.EndBy),
	}
}

// endTimer is the instance's own stop, the third: a timer that shuts it down at
// end_by, also after a reboot. With it, shutting down means to be terminated.
func endTimer(endBy time.Time) string {
	return `#!/bin/bash
set -eu
cat > /etc/systemd/system/powerpole-end.service <<'UNIT'
[Unit]
Description=End of this bastion
[Service]
Type=oneshot
ExecStart=/usr/bin/systemctl poweroff
UNIT
cat > /etc/systemd/system/powerpole-end.timer <<'UNIT'
[Unit]
Description=Latest end of this bastion
[Timer]
OnCalendar=` + endBy.UTC().Format("2006-01-02 15:04:05") + ` UTC
AccuracySec=1s
Persistent=true
[Install]
WantedBy=timers.target
UNIT
systemctl daemon-reload
systemctl enable --now powerpole-end.timer
`
}

// run is the call itself: no key, no public address, IMDSv2 within one hop, and
// terminated when it shuts down. Image, profile and encrypted volume are the
// launch template's.
func (in Input) run() *ec2.RunInstancesInput {
	tags := in.tags()
	template := &types.LaunchTemplateSpecification{LaunchTemplateName: &in.LaunchTemplate}
	if strings.HasPrefix(in.LaunchTemplate, "lt-") {
		template = &types.LaunchTemplateSpecification{LaunchTemplateId: &in.LaunchTemplate}
	}
	return &ec2.RunInstancesInput{
		ClientToken: &in.Token, MinCount: aws.Int32(1), MaxCount: aws.Int32(1), LaunchTemplate: template,
		InstanceType:                      types.InstanceType(in.InstanceType),
		InstanceInitiatedShutdownBehavior: types.ShutdownBehaviorTerminate,
		UserData:                          aws.String(base64.StdEncoding.EncodeToString([]byte(in.UserData))),
		MetadataOptions: &types.InstanceMetadataOptionsRequest{
			HttpEndpoint: types.InstanceMetadataEndpointStateEnabled, HttpTokens: types.HttpTokensStateRequired,
			HttpPutResponseHopLimit: aws.Int32(1),
		},
		NetworkInterfaces: []types.InstanceNetworkInterfaceSpecification{{
			DeviceIndex: aws.Int32(0), SubnetId: &in.Subnet, Groups: in.SecurityGroups,
			AssociatePublicIpAddress: aws.Bool(false), DeleteOnTermination: aws.Bool(true),
		}},
		TagSpecifications: []types.TagSpecification{
			{ResourceType: types.ResourceTypeInstance, Tags: tags},
			{ResourceType: types.ResourceTypeVolume, Tags: tags},
		},
	}
}

func (in Input) tags() []types.Tag {
	return []types.Tag{
		{Key: aws.String(TagRequest), Value: &in.Request},
		{Key: aws.String(TagInstallation), Value: &in.Installation},
		{Key: aws.String(TagOwner), Value: &in.Owner},
		{Key: aws.String(TagEndBy), Value: aws.String(in.EndBy.UTC().Format(time.RFC3339))},
	}
}
