package eventbridge

import (
	"context"
	"encoding/json"
	"slices"
)

// policy is a bus's resource policy.
type policy struct {
	Version   string
	Statement []json.RawMessage
}

type putPermissionInput struct {
	EventBusName, Policy, Action, Principal, StatementId string //nolint:revive // AWS's names
}

type statement struct {
	Sid       string
	Effect    string
	Principal any
	Action    string
	Resource  string
}

// putPermission replaces the policy, or adds one statement to it.
func (s *Server) putPermission(_ context.Context, in *putPermissionInput) (*empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bus(in.EventBusName)
	if err != nil {
		return nil, err
	}
	if in.Policy != "" {
		p := &policy{}
		if err := json.Unmarshal([]byte(in.Policy), p); err != nil || len(p.Statement) == 0 {
			return nil, invalid("The policy is not valid JSON with statements.")
		}
		b.policy = p
		return &empty{}, nil
	}
	if in.StatementId == "" || in.Principal == "" || in.Action == "" {
		return nil, invalid("Either Policy, or StatementId, Principal and Action are required.")
	}
	st := statement{Sid: in.StatementId, Effect: "Allow", Principal: principal(in.Principal), Action: in.Action, Resource: b.arn}
	text, err := json.Marshal(st)
	if err != nil {
		return nil, err
	}
	b.remove(in.StatementId)
	if b.policy == nil {
		b.policy = &policy{Version: "2012-10-17"}
	}
	b.policy.Statement = append(b.policy.Statement, text)
	return &empty{}, nil
}

func principal(account string) any {
	if account == "*" {
		return account
	}
	return map[string]string{"AWS": "arn:aws:iam::" + account + ":root"}
}

type removePermissionInput struct {
	EventBusName, StatementId string //nolint:revive // AWS's names
	RemoveAllPermissions      bool
}

func (s *Server) removePermission(_ context.Context, in *removePermissionInput) (*empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bus(in.EventBusName)
	if err != nil {
		return nil, err
	}
	if in.RemoveAllPermissions {
		b.policy = nil
		return &empty{}, nil
	}
	if !b.remove(in.StatementId) {
		return nil, notFound("Statement", in.StatementId)
	}
	return &empty{}, nil
}

// remove drops a statement by its id. It is false if there is none.
func (b *bus) remove(sid string) bool {
	if b.policy == nil {
		return false
	}
	before := len(b.policy.Statement)
	b.policy.Statement = slices.DeleteFunc(b.policy.Statement, func(raw json.RawMessage) bool {
		var st struct{ Sid string }
		return json.Unmarshal(raw, &st) == nil && st.Sid == sid
	})
	gone := len(b.policy.Statement) < before
	if len(b.policy.Statement) == 0 {
		b.policy = nil
	}
	return gone
}

type tag struct{ Key, Value string }

func (s *Server) tag(arn string, tags []tag) {
	if s.tags[arn] == nil {
		s.tags[arn] = map[string]string{}
	}
	for _, t := range tags {
		s.tags[arn][t.Key] = t.Value
	}
}

type tagInput struct {
	ResourceARN string
	Tags        []tag
	TagKeys     []string
}

func (s *Server) tagResource(_ context.Context, in *tagInput) (*empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.has(in.ResourceARN) {
		return nil, notFound("Resource", in.ResourceARN)
	}
	s.tag(in.ResourceARN, in.Tags)
	return &empty{}, nil
}

func (s *Server) untagResource(_ context.Context, in *tagInput) (*empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.has(in.ResourceARN) {
		return nil, notFound("Resource", in.ResourceARN)
	}
	for _, key := range in.TagKeys {
		delete(s.tags[in.ResourceARN], key)
	}
	return &empty{}, nil
}

type tagsOutput struct{ Tags []tag }

func (s *Server) listTagsForResource(_ context.Context, in *tagInput) (*tagsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.has(in.ResourceARN) {
		return nil, notFound("Resource", in.ResourceARN)
	}
	out := &tagsOutput{Tags: []tag{}}
	for _, key := range sortedKeys(s.tags[in.ResourceARN]) {
		out.Tags = append(out.Tags, tag{key, s.tags[in.ResourceARN][key]})
	}
	return out, nil
}

// has reports whether an ARN names a bus or a rule.
func (s *Server) has(arn string) bool {
	for _, b := range s.buses {
		if b.arn == arn {
			return true
		}
		for _, r := range b.rules {
			if r.arn == arn {
				return true
			}
		}
	}
	return false
}
