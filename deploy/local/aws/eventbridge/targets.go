package eventbridge

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
)

// maxTargets is how many targets a rule has at most.
const maxTargets = 5

// target is where a rule delivers to, as the wire has it.
type target struct {
	Id               string //nolint:revive // AWS's name
	Arn              string
	RoleArn          string            `json:",omitempty"`
	Input            string            `json:",omitempty"`
	InputPath        string            `json:",omitempty"`
	InputTransformer json.RawMessage   `json:",omitempty"`
	SqsParameters    json.RawMessage   `json:",omitempty"`
	RetryPolicy      json.RawMessage   `json:",omitempty"`
	DeadLetterConfig *deadLetterConfig `json:",omitempty"`
}

type deadLetterConfig struct{ Arn string }

func (t *target) check() error {
	switch {
	case !validName(t.Id, 64):
		return invalid("Target id %q is invalid.", t.Id)
	case !strings.HasPrefix(t.Arn, "arn:aws:sqs:"):
		return invalid("Target %q: the embedded EventBridge delivers to SQS queues only, not to %q.", t.Id, t.Arn)
	case len(t.InputTransformer) > 0 && string(t.InputTransformer) != "null":
		return invalid("Target %q: the embedded EventBridge has no InputTransformer.", t.Id)
	case len(t.SqsParameters) > 0 && string(t.SqsParameters) != "null":
		return invalid("Target %q: the embedded EventBridge has no FIFO queues.", t.Id)
	case t.Input != "" && t.InputPath != "":
		return invalid("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", t.Id)
	case t.Input != "" && !json.Valid([]byte(t.Input)):
		return invalid("JSON syntax error in input for target %s.", t.Id)
	case t.InputPath != "" && t.InputPath != "$" && !strings.HasPrefix(t.InputPath, "$."):
		return invalid("Invalid InputPath for target %s.", t.Id)
	case t.DeadLetterConfig != nil && !strings.HasPrefix(t.DeadLetterConfig.Arn, "arn:aws:sqs:"):
		return invalid("Target %q: a dead-letter queue is an SQS queue.", t.Id)
	}
	return nil
}

// body is what the target gets of the event.
func (t *target) body(e *Event) string {
	if t.Input != "" {
		return t.Input
	}
	if t.InputPath == "" || t.InputPath == "$" {
		return e.JSON
	}
	var part any = e.fields
	for name := range strings.SplitSeq(strings.TrimPrefix(t.InputPath, "$."), ".") {
		object, _ := part.(map[string]any)
		part = object[name]
	}
	text, _ := json.Marshal(part) // it came from JSON
	return string(text)
}

type putTargetsInput struct {
	Rule, EventBusName string
	Targets            []target
}

type targetsOutput struct {
	FailedEntryCount int
	FailedEntries    []empty
}

func (s *Server) putTargets(_ context.Context, in *putTargetsInput) (*targetsOutput, error) {
	if len(in.Targets) == 0 {
		return nil, invalid("At least one target is required.")
	}
	for i := range in.Targets {
		if err := in.Targets[i].check(); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.rule(in.EventBusName, in.Rule)
	if err != nil {
		return nil, err
	}
	targets := slices.Clone(r.targets)
	for _, t := range in.Targets {
		targets = slices.DeleteFunc(targets, func(old target) bool { return old.Id == t.Id })
		targets = append(targets, t)
	}
	if len(targets) > maxTargets {
		return nil, limitExceeded("The requested resource exceeds the maximum number allowed: %d targets.", maxTargets)
	}
	r.targets = targets // never changed in place: publish reads it outside the lock
	return &targetsOutput{FailedEntries: []empty{}}, nil
}

type removeTargetsInput struct {
	Rule, EventBusName string
	Ids                []string
}

func (s *Server) removeTargets(_ context.Context, in *removeTargetsInput) (*targetsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.rule(in.EventBusName, in.Rule)
	if err != nil {
		return nil, err
	}
	r.targets = slices.DeleteFunc(slices.Clone(r.targets), func(t target) bool { return slices.Contains(in.Ids, t.Id) })
	return &targetsOutput{FailedEntries: []empty{}}, nil
}

type listTargetsInput struct{ Rule, EventBusName string }

type listTargetsOutput struct{ Targets []target }

// listTargetsByRule has no pages: a rule has five targets at most.
func (s *Server) listTargetsByRule(_ context.Context, in *listTargetsInput) (*listTargetsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.rule(in.EventBusName, in.Rule)
	if err != nil {
		return nil, err
	}
	return &listTargetsOutput{append([]target{}, r.targets...)}, nil
}

type listRuleNamesInput struct {
	TargetArn, EventBusName string
	pageInput
}

type listRuleNamesOutput struct {
	RuleNames []string
	NextToken string `json:",omitempty"`
}

func (s *Server) listRuleNamesByTarget(_ context.Context, in *listRuleNamesInput) (*listRuleNamesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bus(in.EventBusName)
	if err != nil {
		return nil, err
	}
	with := map[string]bool{}
	for name, r := range b.rules {
		if slices.ContainsFunc(r.targets, func(t target) bool { return t.Arn == in.TargetArn }) {
			with[name] = true
		}
	}
	names, next := page(with, in.pageInput)
	return &listRuleNamesOutput{append([]string{}, names...), next}, nil
}
