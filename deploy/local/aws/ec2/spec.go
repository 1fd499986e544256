package ec2

import (
	"encoding/base64"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// maxUserData is EC2's limit on user data in bytes, before base64.
const maxUserData = 16 << 10

// Spec is what a launch asks for, the part that launch templates and
// RunInstances have in common. Names, units and defaults are EC2's.
type Spec struct {
	ImageID                           string             `form:"ImageId" xml:"imageId,omitempty"`
	InstanceType                      string             `form:"InstanceType" xml:"instanceType,omitempty"`
	KeyName                           string             `form:"KeyName" xml:"keyName,omitempty"`
	UserData                          string             `form:"UserData" xml:"userData,omitempty"`
	InstanceInitiatedShutdownBehavior string             `form:"InstanceInitiatedShutdownBehavior" xml:"instanceInitiatedShutdownBehavior,omitempty"`
	EBSOptimized                      *bool              `form:"EbsOptimized" xml:"ebsOptimized,omitempty"`
	IAMInstanceProfile                *InstanceProfile   `form:"IamInstanceProfile" xml:"iamInstanceProfile,omitempty"`
	MetadataOptions                   *MetadataOptions   `form:"MetadataOptions" xml:"metadataOptions,omitempty"`
	Monitoring                        *Monitoring        `form:"Monitoring" xml:"monitoring,omitempty"`
	CreditSpecification               *CreditOptions     `form:"CreditSpecification" xml:"creditSpecification,omitempty"`
	BlockDevices                      []BlockDevice      `form:"BlockDeviceMapping" xml:"blockDeviceMappingSet>item"`
	NetworkInterfaces                 []Interface        `form:"NetworkInterface" xml:"networkInterfaceSet>item"`
	SecurityGroupIDs                  []string           `form:"SecurityGroupId" xml:"securityGroupIdSet>item"`
	TagSpecifications                 []TagSpecification `form:"TagSpecification" xml:"tagSpecificationSet>item"`
}

// InstanceProfile names an IAM instance profile by ARN or by name.
type InstanceProfile struct {
	ARN  string `form:"Arn" xml:"arn,omitempty"`
	Name string `form:"Name" xml:"name,omitempty"`
}

// MetadataOptions govern the instance metadata service.
type MetadataOptions struct {
	HTTPEndpoint            string `form:"HttpEndpoint" xml:"httpEndpoint,omitempty"`
	HTTPProtocolIPv6        string `form:"HttpProtocolIpv6" xml:"httpProtocolIpv6,omitempty"`
	HTTPPutResponseHopLimit *int   `form:"HttpPutResponseHopLimit" xml:"httpPutResponseHopLimit,omitempty"`
	HTTPTokens              string `form:"HttpTokens" xml:"httpTokens,omitempty"`
	InstanceMetadataTags    string `form:"InstanceMetadataTags" xml:"instanceMetadataTags,omitempty"`
}

// Monitoring is whether metrics come every minute.
type Monitoring struct {
	Enabled bool `form:"Enabled" xml:"enabled"`
}

// CreditOptions are the CPU credits of a burstable type: standard or
// unlimited.
type CreditOptions struct {
	CPUCredits string `form:"CpuCredits" xml:"cpuCredits,omitempty"`
}

// BlockDevice is one volume.
type BlockDevice struct {
	DeviceName string `form:"DeviceName" xml:"deviceName,omitempty"`
	EBS        *EBS   `form:"Ebs" xml:"ebs,omitempty"`
}

// EBS is what a volume is made of. VolumeSize is in GiB.
type EBS struct {
	DeleteOnTermination *bool  `form:"DeleteOnTermination" xml:"deleteOnTermination,omitempty"`
	Encrypted           *bool  `form:"Encrypted" xml:"encrypted,omitempty"`
	Iops                *int   `form:"Iops" xml:"iops,omitempty"`
	KMSKeyID            string `form:"KmsKeyId" xml:"kmsKeyId,omitempty"`
	SnapshotID          string `form:"SnapshotId" xml:"snapshotId,omitempty"`
	Throughput          *int   `form:"Throughput" xml:"throughput,omitempty"`
	VolumeSize          *int   `form:"VolumeSize" xml:"volumeSize,omitempty"`
	VolumeType          string `form:"VolumeType" xml:"volumeType,omitempty"`
}

// Interface is one network interface.
type Interface struct {
	AssociatePublicIPAddress *bool    `form:"AssociatePublicIpAddress" xml:"associatePublicIpAddress,omitempty"`
	DeleteOnTermination      *bool    `form:"DeleteOnTermination" xml:"deleteOnTermination,omitempty"`
	Description              string   `form:"Description" xml:"description,omitempty"`
	DeviceIndex              *int     `form:"DeviceIndex" xml:"deviceIndex,omitempty"`
	IPv6AddressCount         *int     `form:"Ipv6AddressCount" xml:"ipv6AddressCount,omitempty"`
	PrivateIPAddress         string   `form:"PrivateIpAddress" xml:"privateIpAddress,omitempty"`
	SecurityGroupIDs         []string `form:"SecurityGroupId" xml:"groupSet>groupId"`
	SubnetID                 string   `form:"SubnetId" xml:"subnetId,omitempty"`
}

// TagSpecification are the tags of one kind of resource that a call makes.
type TagSpecification struct {
	ResourceType string `form:"ResourceType" xml:"resourceType"`
	Tags         []Tag  `form:"Tag" xml:"tagSet>item"`
}

// Tag is one tag.
type Tag struct {
	Key   string `form:"Key" xml:"key"`
	Value string `form:"Value" xml:"value"`
}

// over returns the spec with what the call says laid over it: a parameter of
// the call replaces the template's, tags of both are kept.
func (t Spec) over(call Spec) Spec {
	return Spec{
		ImageID:                           first(call.ImageID, t.ImageID),
		InstanceType:                      first(call.InstanceType, t.InstanceType),
		KeyName:                           first(call.KeyName, t.KeyName),
		UserData:                          first(call.UserData, t.UserData),
		InstanceInitiatedShutdownBehavior: first(call.InstanceInitiatedShutdownBehavior, t.InstanceInitiatedShutdownBehavior),
		EBSOptimized:                      first(call.EBSOptimized, t.EBSOptimized),
		IAMInstanceProfile:                first(call.IAMInstanceProfile, t.IAMInstanceProfile),
		MetadataOptions:                   first(call.MetadataOptions, t.MetadataOptions),
		Monitoring:                        first(call.Monitoring, t.Monitoring),
		CreditSpecification:               first(call.CreditSpecification, t.CreditSpecification),
		BlockDevices:                      firstList(call.BlockDevices, t.BlockDevices),
		NetworkInterfaces:                 firstList(call.NetworkInterfaces, t.NetworkInterfaces),
		SecurityGroupIDs:                  firstList(call.SecurityGroupIDs, t.SecurityGroupIDs),
		TagSpecifications:                 append(append([]TagSpecification(nil), t.TagSpecifications...), call.TagSpecifications...),
	}
}

func first[T comparable](call, template T) T {
	var zero T
	if call != zero {
		return call
	}
	return template
}

func firstList[T any](call, template []T) []T {
	if len(call) > 0 {
		return call
	}
	return template
}

// tags returns the tags for one kind of resource; a later specification wins.
func (t Spec) tags(resourceType string) map[string]string {
	tags := map[string]string{}
	for _, spec := range t.TagSpecifications {
		if spec.ResourceType != resourceType {
			continue
		}
		for _, tag := range spec.Tags {
			tags[tag.Key] = tag.Value
		}
	}
	return tags
}

// check refuses what EC2 refuses of a template and of a launch alike.
func (t Spec) check() error {
	switch t.InstanceInitiatedShutdownBehavior {
	case "", "stop", "terminate":
	default:
		return invalid("InstanceInitiatedShutdownBehavior", t.InstanceInitiatedShutdownBehavior)
	}
	if m := t.MetadataOptions; m != nil && m.HTTPTokens != "" && m.HTTPTokens != "required" && m.HTTPTokens != "optional" {
		return invalid("MetadataOptions.HttpTokens", m.HTTPTokens)
	}
	data, err := base64.StdEncoding.DecodeString(t.UserData)
	if err != nil {
		return wire.Errorf("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
	}
	if len(data) > maxUserData {
		return wire.Errorf("InvalidParameterValue", "User data is limited to %d bytes", maxUserData)
	}
	for _, spec := range t.TagSpecifications {
		if err := checkTags(spec.Tags); err != nil {
			return err
		}
	}
	return nil
}

func invalid(parameter, value string) error {
	return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter %s is invalid.", value, parameter)
}
