package ec2

import (
	"encoding/xml"
	"regexp"
)

var instanceID = regexp.MustCompile(`^i-([0-9a-f]{8}|[0-9a-f]{17})$`)

type describeInput struct {
	InstanceIDs []string `form:"InstanceId"`
	Filters     []filter `form:"Filter"`
	MaxResults  *int     `form:"MaxResults"`
	NextToken   string   `form:"NextToken"`
}

type describeOutput struct {
	XMLName      xml.Name         `xml:"DescribeInstancesResponse"`
	Reservations []reservationXML `xml:"reservationSet>item"`
	NextToken    string           `xml:"nextToken,omitempty"`
}

func (s *Server) describeInstances(in *describeInput) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, next, err := s.search(in)
	if err != nil {
		return nil, err
	}
	out := &describeOutput{NextToken: next}
	for len(found) > 0 {
		n := 1
		for n < len(found) && found[n].ReservationID == found[0].ReservationID {
			n++
		}
		out.Reservations = append(out.Reservations, s.reservation(found[:n]))
		found = found[n:]
	}
	return out, nil
}

// search returns one page of the instances that the ids and filters name.
func (s *Server) search(in *describeInput) ([]*instance, string, error) {
	if in.MaxResults != nil && len(in.InstanceIDs) > 0 {
		return nil, "", errBothIDsAndPages()
	}
	found, err := s.find(in.InstanceIDs)
	if err != nil {
		return nil, "", err
	}
	found, err = apply(in.Filters, instanceFilters, found)
	if err != nil {
		return nil, "", err
	}
	return page(found, func(i *instance) int { return i.seq }, in.MaxResults, in.NextToken)
}

// instanceFilters are the filters of DescribeInstances that PowerPole has a
// use for.
var instanceFilters = fields[*instance]{
	"instance-id":         func(i *instance) string { return i.ID },
	"instance-state-name": func(i *instance) string { return string(i.State) },
	"instance-type":       func(i *instance) string { return i.Spec.InstanceType },
	"client-token":        func(i *instance) string { return i.ClientToken },
	"subnet-id":           (*instance).subnet,
	"private-ip-address":  (*instance).address,
	"network-interface.addresses.private-ip-address": (*instance).address,
}

func (i *instance) tagSet() map[string]string { return i.Tags }

// address is the private address while the instance has one.
func (i *instance) address() string {
	if i.State == Terminated {
		return ""
	}
	return i.PrivateIP.String()
}

func (i *instance) subnet() string {
	if i.State == Terminated {
		return ""
	}
	return i.SubnetID
}

type statusInput struct {
	describeInput
	IncludeAllInstances bool `form:"IncludeAllInstances"`
}

type statusOutput struct {
	XMLName   xml.Name    `xml:"DescribeInstanceStatusResponse"`
	Statuses  []statusXML `xml:"instanceStatusSet>item"`
	NextToken string      `xml:"nextToken,omitempty"`
}

type statusXML struct {
	ID       string   `xml:"instanceId"`
	Zone     string   `xml:"availabilityZone"`
	State    stateXML `xml:"instanceState"`
	Instance string   `xml:"instanceStatus>status"`
	System   string   `xml:"systemStatus>status"`
}

// describeInstanceStatus shows running instances only, unless asked for all.
func (s *Server) describeInstanceStatus(in *statusInput) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !in.IncludeAllInstances {
		in.Filters = append(in.Filters, filter{"instance-state-name", []string{string(Running)}})
	}
	found, next, err := s.search(&in.describeInput)
	if err != nil {
		return nil, err
	}
	out := &statusOutput{NextToken: next}
	for _, i := range found {
		health := "not-applicable"
		if i.State == Running {
			health = "ok"
		}
		out.Statuses = append(out.Statuses, statusXML{i.ID, s.opts.Zone, stateOf(i.State), health, health})
	}
	return out, nil
}
