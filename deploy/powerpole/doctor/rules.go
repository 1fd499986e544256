package doctor

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/powerpole/powerpole/pkg/topology"
)

func (e *examination) rules(ctx context.Context) (found []Finding) {
	events := eventbridge.NewFromConfig(e.AWS)
	for _, r := range topology.Rules() {
		found = append(found, rule(ctx, events, r)...)
	}
	return whole(found, "%d", len(topology.Rules()))
}

// rule looks whether one rule sends what the topology says to where it says.
func rule(ctx context.Context, events *eventbridge.Client, r topology.Rule) []Finding {
	is, err := events.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &r.Name, EventBusName: &r.Bus})
	if err != nil {
		return []Finding{absent("rule "+r.Name, err)}
	}
	targets, err := events.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: &r.Name, EventBusName: &r.Bus})
	if err != nil {
		return []Finding{absent("the target of rule "+r.Name, err)}
	}
	switch {
	case is.State != types.RuleStateEnabled:
		return []Finding{Problem("rule "+r.Name+" is disabled", byBootstrap)}
	case !samePattern(aws.ToString(is.EventPattern), r.Pattern):
		return []Finding{Problem("rule "+r.Name+" does not choose what this version consumes", byBootstrap)}
	case !slices.ContainsFunc(targets.Targets, func(t types.Target) bool { return strings.HasSuffix(aws.ToString(t.Arn), ":"+r.Queue) }):
		return []Finding{Problem("rule "+r.Name+" does not send to queue "+r.Queue, byBootstrap)}
	}
	return nil
}

// samePattern compares patterns as JSON, whatever their layout.
func samePattern(text string, want topology.Pattern) bool {
	b, err := json.Marshal(want)
	if err != nil {
		return false
	}
	var is, should any
	return json.Unmarshal([]byte(text), &is) == nil && json.Unmarshal(b, &should) == nil && reflect.DeepEqual(is, should)
}
