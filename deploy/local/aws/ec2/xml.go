package ec2

import (
	"maps"
	"slices"
	"time"
)

type reservationXML struct {
	ID        string        `xml:"reservationId"`
	OwnerID   string        `xml:"ownerId"`
	Instances []instanceXML `xml:"instancesSet>item"`
}

type stateXML struct {
	Code int   `xml:"code"`
	Name State `xml:"name"`
}

func stateOf(s State) stateXML { return stateXML{s.code(), s} }

type instanceXML struct {
	ID              string         `xml:"instanceId"`
	ImageID         string         `xml:"imageId"`
	State           stateXML       `xml:"instanceState"`
	PrivateIP       string         `xml:"privateIpAddress,omitempty"`
	SubnetID        string         `xml:"subnetId,omitempty"`
	InstanceType    string         `xml:"instanceType"`
	KeyName         string         `xml:"keyName,omitempty"`
	LaunchTime      time.Time      `xml:"launchTime"`
	Zone            string         `xml:"placement>availabilityZone"`
	ClientToken     string         `xml:"clientToken,omitempty"`
	Transition      string         `xml:"reason"`
	Reason          *Reason        `xml:"stateReason,omitempty"`
	Tags            []Tag          `xml:"tagSet>item"`
	Groups          []groupXML     `xml:"groupSet>item"`
	Interfaces      []interfaceXML `xml:"networkInterfaceSet>item"`
	BlockDevices    []volumeXML    `xml:"blockDeviceMapping>item"`
	Profile         *profileXML    `xml:"iamInstanceProfile,omitempty"`
	MetadataOptions metadataXML    `xml:"metadataOptions"`
}

type groupXML struct {
	ID string `xml:"groupId"`
}

type interfaceXML struct {
	PrivateIP string     `xml:"privateIpAddress"`
	SubnetID  string     `xml:"subnetId"`
	Groups    []groupXML `xml:"groupSet>item"`
}

type volumeXML struct {
	DeviceName string `xml:"deviceName"`
	Status     string `xml:"ebs>status"`
}

type profileXML struct {
	ARN string `xml:"arn"`
}

type metadataXML struct {
	State string `xml:"state"`
	MetadataOptions
}

// reservation renders instances of one launch.
func (s *Server) reservation(of []*instance) reservationXML {
	r := reservationXML{ID: of[0].ReservationID, OwnerID: s.opts.Account}
	for _, i := range of {
		r.Instances = append(r.Instances, s.render(i))
	}
	return r
}

// render copies what may change, as answers are written after the lock is
// gone.
func (s *Server) render(i *instance) instanceXML {
	out := instanceXML{
		ID: i.ID, ImageID: i.Spec.ImageID, State: stateOf(i.State), InstanceType: i.Spec.InstanceType,
		KeyName: i.Spec.KeyName, LaunchTime: i.LaunchedAt.Truncate(time.Second), Zone: s.opts.Zone, ClientToken: i.ClientToken,
		PrivateIP: i.address(), SubnetID: i.subnet(), Tags: tagList(i.Tags), MetadataOptions: i.metadata(),
		Profile: s.profile(i.Spec.IAMInstanceProfile),
	}
	if reason := i.Reason; reason != (Reason{}) {
		out.Reason, out.Transition = &reason, "User initiated"
	}
	if i.State == Terminated {
		return out
	}
	for _, id := range i.groups() {
		out.Groups = append(out.Groups, groupXML{id})
	}
	out.Interfaces = []interfaceXML{{i.address(), i.subnet(), out.Groups}}
	for _, d := range i.Spec.BlockDevices {
		out.BlockDevices = append(out.BlockDevices, volumeXML{d.DeviceName, "attached"})
	}
	return out
}

func (s *Server) profile(p *InstanceProfile) *profileXML {
	if p == nil {
		return nil
	}
	if p.ARN != "" {
		return &profileXML{p.ARN}
	}
	return &profileXML{"arn:aws:iam::" + s.opts.Account + ":instance-profile/" + p.Name}
}

// metadata returns the metadata options in force, EC2's defaults included.
func (i *instance) metadata() metadataXML {
	one := 1
	m := metadataXML{"applied", MetadataOptions{
		HTTPEndpoint: "enabled", HTTPProtocolIPv6: "disabled", HTTPPutResponseHopLimit: &one,
		HTTPTokens: "optional", InstanceMetadataTags: "disabled",
	}}
	if asked := i.Spec.MetadataOptions; asked != nil {
		m.HTTPEndpoint = first(asked.HTTPEndpoint, m.HTTPEndpoint)
		m.HTTPProtocolIPv6 = first(asked.HTTPProtocolIPv6, m.HTTPProtocolIPv6)
		m.HTTPPutResponseHopLimit = first(asked.HTTPPutResponseHopLimit, m.HTTPPutResponseHopLimit)
		m.HTTPTokens = first(asked.HTTPTokens, m.HTTPTokens)
		m.InstanceMetadataTags = first(asked.InstanceMetadataTags, m.InstanceMetadataTags)
	}
	return m
}

func (i *instance) groups() []string {
	if len(i.Spec.NetworkInterfaces) > 0 {
		return i.Spec.NetworkInterfaces[0].SecurityGroupIDs
	}
	return i.Spec.SecurityGroupIDs
}

func tagList(tags map[string]string) []Tag {
	var out []Tag
	for _, k := range sortedKeys(tags) {
		out = append(out, Tag{k, tags[k]})
	}
	return out
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
