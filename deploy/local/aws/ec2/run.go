package ec2

import (
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// maxToken is the longest client token.
const maxToken = 64

type runInput struct {
	Spec
	SubnetID         string       `form:"SubnetId"`
	PrivateIPAddress string       `form:"PrivateIpAddress"`
	MinCount         int          `form:"MinCount"`
	MaxCount         int          `form:"MaxCount"`
	LaunchTemplate   *templateRef `form:"LaunchTemplate"`
	ClientToken      string       `form:"ClientToken" json:"-"`
}

type templateRef struct {
	ID      string `form:"LaunchTemplateId"`
	Name    string `form:"LaunchTemplateName"`
	Version string `form:"Version"`
}

// launch is what a client token has made.
type launch struct {
	print     [32]byte
	instances []*instance
}

func (l *launch) overAt(now time.Time) bool {
	return !slices.ContainsFunc(l.instances, func(i *instance) bool {
		return i.EndedAt.IsZero() || now.Sub(i.EndedAt) < keepToken
	})
}

// capacity is a pair that can run out.
type capacity struct{ instanceType, subnet string }

// Exhaust makes launches of a type in a subnet fail with
// InsufficientInstanceCapacity until Replenish.
func (s *Server) Exhaust(instanceType, subnet string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exhausted[capacity{instanceType, subnet}] = true
}

// Replenish undoes Exhaust.
func (s *Server) Replenish(instanceType, subnet string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.exhausted, capacity{instanceType, subnet})
}

type runOutput struct {
	XMLName xml.Name `xml:"RunInstancesResponse"`
	reservationXML
}

func (s *Server) runInstances(in *runInput) (any, error) {
	print, err := fingerprint(in)
	if err != nil {
		return nil, err
	}
	if err := in.checkCounts(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.forget(time.Now())
	out, changes, err := s.runOnce(in, print)
	s.mu.Unlock()
	s.tell(changes)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// fingerprint tells whether two calls ask for the same: it is over all
// parameters but the client token.
func fingerprint(in any) ([32]byte, error) {
	b, err := json.Marshal(in)
	if err != nil {
		return [32]byte{}, fmt.Errorf("taking the fingerprint of a call: %w", err)
	}
	return sha256.Sum256(b), nil
}

func (in *runInput) checkCounts() error {
	if in.MinCount < 1 || in.MaxCount < in.MinCount {
		return wire.Errorf("InvalidParameterValue", "Value (%d) for parameter minCount is invalid with maxCount %d.", in.MinCount, in.MaxCount)
	}
	if len(in.ClientToken) > maxToken || strings.ContainsFunc(in.ClientToken, func(r rune) bool { return r > 127 }) {
		return invalid("ClientToken", in.ClientToken)
	}
	return nil
}

// runOnce launches, or returns what the same call has launched before. A call
// that fails leaves its token unused.
func (s *Server) runOnce(in *runInput, print [32]byte) (*runOutput, []change, error) {
	if l, ok := s.tokens[in.ClientToken]; ok && in.ClientToken != "" {
		if l.print != print {
			return nil, nil, wire.Errorf("IdempotentParameterMismatch", "The client token you have provided is associated with a resource that has other parameters.")
		}
		return &runOutput{reservationXML: s.reservation(l.instances)}, nil, nil
	}
	spec, where, err := s.plan(in)
	if err != nil {
		return nil, nil, err
	}
	made, err := s.make(in, spec, where)
	if err != nil {
		return nil, nil, err
	}
	if in.ClientToken != "" {
		s.tokens[in.ClientToken] = &launch{print: print, instances: made}
	}
	var changes []change
	for _, i := range made {
		changes = append(changes, s.boot(i)...)
	}
	return &runOutput{reservationXML: s.reservation(made)}, changes, nil
}

// place is where an instance goes: a subnet and, if asked for, an address.
type place struct{ subnet, address string }

// plan lays the call over its launch template and says what EC2 would refuse.
func (s *Server) plan(in *runInput) (Spec, place, error) {
	spec := in.Spec
	if in.LaunchTemplate != nil {
		v, err := s.templateVersion(*in.LaunchTemplate)
		if err != nil {
			return Spec{}, place{}, err
		}
		spec = v.data.over(in.Spec)
	}
	if spec.ImageID == "" {
		return Spec{}, place{}, missing("ImageId")
	}
	if spec.InstanceType == "" {
		spec.InstanceType = "m1.small"
	}
	if err := spec.check(); err != nil {
		return Spec{}, place{}, err
	}
	where, err := s.place(in, spec)
	return spec, where, err
}

func (s *Server) place(in *runInput, spec Spec) (place, error) {
	p := place{in.SubnetID, in.PrivateIPAddress}
	if len(spec.NetworkInterfaces) > 0 {
		if in.SubnetID != "" || in.PrivateIPAddress != "" || len(spec.SecurityGroupIDs) > 0 {
			return p, wire.Errorf("InvalidParameterCombination", "Network interfaces and an instance-level subnet ID, address or security groups may not be specified on the same request")
		}
		p = place{spec.NetworkInterfaces[0].SubnetID, spec.NetworkInterfaces[0].PrivateIPAddress}
	}
	if p.subnet == "" {
		p.subnet = "subnet-default"
	}
	if p.address != "" && in.MaxCount > 1 {
		return p, wire.Errorf("InvalidParameterCombination", "An address may not be specified for more than one instance")
	}
	if len(s.opts.Subnets) > 0 && !slices.Contains(s.opts.Subnets, p.subnet) {
		return p, wire.Errorf("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", p.subnet)
	}
	if s.exhausted[capacity{spec.InstanceType, p.subnet}] {
		// EC2 answers this with 500, so the SDK tries it again on its own.
		return p, &wire.Error{
			Code:    "InsufficientInstanceCapacity",
			Message: fmt.Sprintf("We currently do not have sufficient %s capacity in the Availability Zone you requested.", spec.InstanceType),
			Status:  http.StatusInternalServerError,
		}
	}
	return p, nil
}

// make creates the records of up to MaxCount instances, as many as there are
// addresses for, and none where these are fewer than MinCount.
func (s *Server) make(in *runInput, spec Spec, where place) ([]*instance, error) {
	reservation := newID("r-")
	var made []*instance
	for range in.MaxCount {
		a, err := s.pool.take(where.address)
		if err != nil && len(made) < in.MinCount {
			s.unmake(made)
			return nil, err
		}
		if err != nil {
			break
		}
		now := time.Now().UTC()
		s.seq++
		i := &instance{seq: s.seq, visible: now.Add(s.opts.DescribeLag), Instance: Instance{
			ID: newID("i-"), ReservationID: reservation, ClientToken: in.ClientToken, PrivateIP: a,
			SubnetID: where.subnet, Spec: spec, Tags: spec.tags("instance"), LaunchedAt: now,
		}}
		s.instances[i.ID] = i
		made = append(made, i)
	}
	return made, nil
}

func (s *Server) unmake(made []*instance) {
	for _, i := range made {
		s.pool.free(i.PrivateIP)
		delete(s.instances, i.ID)
	}
}

func missing(parameter string) error {
	return wire.Errorf("MissingParameter", "The request must contain the parameter %s", parameter)
}
