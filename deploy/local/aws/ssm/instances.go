package ssm

import (
	"context"
	"slices"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

type connectionInput struct{ Target string }

type connectionOutput struct{ Target, Status string }

func (s *Server) getConnectionStatus(_ context.Context, in *connectionInput) (*connectionOutput, error) {
	if in.Target == "" {
		return nil, wire.Errorf("ValidationException", "Target is missing")
	}
	if s.Connected(in.Target) {
		return &connectionOutput{in.Target, "connected"}, nil
	}
	return &connectionOutput{in.Target, "notconnected"}, nil
}

type informationInput struct {
	Filters []struct {
		Key    string
		Values []string
	}
	InstanceInformationFilterList []struct {
		Key      string   `json:"key"`
		ValueSet []string `json:"valueSet"`
	}
	MaxResults *int
	NextToken  string
}

type informationOutput struct {
	InstanceInformationList []information
	NextToken               string `json:",omitempty"`
}

type information struct {
	InstanceID       string `json:"InstanceId"`
	PingStatus       string
	LastPingDateTime wire.Epoch
	PlatformType     string
	ResourceType     string
	AgentVersion     string
	IsLatestVersion  bool
}

// describeInstanceInformation shows the instances whose agent is connected.
func (s *Server) describeInstanceInformation(_ context.Context, in *informationInput) (*informationOutput, error) {
	if in.MaxResults != nil && (*in.MaxResults < 5 || *in.MaxResults > 50) {
		return nil, wire.Errorf("ValidationException", "MaxResults must be between 5 and 50")
	}
	wanted, err := in.wanted()
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, id := range s.opts.Instances.RunningIDs() {
		if wanted(id) && s.Connected(id) {
			ids = append(ids, id)
		}
	}
	shown, next, ok := wire.Page(ids, func(id string) string { return id }, sizeOf(in.MaxResults), in.NextToken)
	if !ok {
		return nil, wire.Errorf("InvalidNextToken", "The token %q is not valid", in.NextToken)
	}
	out := &informationOutput{InstanceInformationList: []information{}, NextToken: next}
	for _, id := range shown {
		out.InstanceInformationList = append(out.InstanceInformationList, information{
			InstanceID: id, PingStatus: "Online", LastPingDateTime: wire.Epoch(time.Now()),
			PlatformType: "Linux", ResourceType: "EC2Instance", AgentVersion: "3.3.0.0", IsLatestVersion: true,
		})
	}
	return out, nil
}

// wanted reads the filters, of which only that by id exists here.
func (in *informationInput) wanted() (func(string) bool, error) {
	var sets [][]string
	for _, f := range in.Filters {
		if f.Key != "InstanceIds" {
			return nil, wire.Errorf("InvalidFilterKey", "the embedded SSM does not know the filter %q", f.Key)
		}
		sets = append(sets, f.Values)
	}
	for _, f := range in.InstanceInformationFilterList {
		if f.Key != "InstanceIds" {
			return nil, wire.Errorf("InvalidFilterKey", "the embedded SSM does not know the filter %q", f.Key)
		}
		sets = append(sets, f.ValueSet)
	}
	return func(id string) bool {
		return !slices.ContainsFunc(sets, func(set []string) bool { return !slices.Contains(set, id) })
	}, nil
}

func sizeOf(limit *int) int {
	if limit == nil {
		return 0
	}
	return *limit
}
