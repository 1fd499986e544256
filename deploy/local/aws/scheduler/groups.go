package scheduler

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

type empty struct{}

type tag struct{ Key, Value string }

type groupInput struct {
	ClientToken string
	Tags        []tag
}

type groupARN struct{ ScheduleGroupArn string }

func (s *Server) newGroup(name string, now time.Time) *group {
	return &group{
		name: name, arn: s.arn("schedule-group/" + name), created: now, schedules: map[string]*schedule{},
	}
}

func (s *Server) arn(resource string) string {
	return "arn:aws:scheduler:" + s.opts.Region + ":" + s.opts.Account + ":" + resource
}

func (s *Server) createGroup(_ context.Context, r *http.Request, in *groupInput) (*groupARN, error) {
	name := r.PathValue("Name")
	if !validName(name) {
		return nil, badName(name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if g, ok := s.groups[name]; ok {
		if in.ClientToken != "" && g.token == in.ClientToken {
			return &groupARN{g.arn}, nil
		}
		return nil, conflict("Schedule group %s already exists.", name)
	}
	g := s.newGroup(name, time.Now())
	g.token, g.tags = in.ClientToken, in.Tags
	s.groups[name] = g
	return &groupARN{g.arn}, nil
}

type groupDescription struct {
	Arn, Name, State                   string
	CreationDate, LastModificationDate wire.Epoch
}

func (g *group) describe() *groupDescription {
	at := wire.Epoch(g.created)
	return &groupDescription{Arn: g.arn, Name: g.name, State: "ACTIVE", CreationDate: at, LastModificationDate: at}
}

func (s *Server) getGroup(_ context.Context, r *http.Request, _ *empty) (*groupDescription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(r.PathValue("Name"))
	if err != nil {
		return nil, err
	}
	return g.describe(), nil
}

// deleteGroup removes the group with all that is in it, at once. AWS takes its
// time over it.
func (s *Server) deleteGroup(_ context.Context, r *http.Request, _ *empty) (*empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(r.PathValue("Name"))
	if err != nil {
		return nil, err
	}
	if g.name == DefaultGroup {
		return nil, invalid("Cannot delete the default schedule group.")
	}
	for _, sc := range g.schedules {
		sc.disarm()
	}
	delete(s.groups, g.name)
	return &empty{}, nil
}

type listGroupsOutput struct {
	ScheduleGroups []*groupDescription
	NextToken      string `json:",omitempty"`
}

func (s *Server) listGroups(_ context.Context, r *http.Request, _ *empty) (*listGroupsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names, next, err := page(sortedKeys(s.groups), r, func(name string) string { return name })
	if err != nil {
		return nil, err
	}
	out := &listGroupsOutput{ScheduleGroups: []*groupDescription{}, NextToken: next}
	for _, name := range names {
		out.ScheduleGroups = append(out.ScheduleGroups, s.groups[name].describe())
	}
	return out, nil
}

type tagsOutput struct{ Tags []tag }

// listTags knows the tags of groups; schedules have none.
func (s *Server) listTags(_ context.Context, r *http.Request, _ *empty) (*tagsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.groups {
		if g.arn == r.PathValue("ResourceArn") {
			return &tagsOutput{append([]tag{}, g.tags...)}, nil
		}
	}
	return nil, notFound("Resource", r.PathValue("ResourceArn"))
}

// group returns a group; no name means the default group.
func (s *Server) group(name string) (*group, error) {
	if name == "" {
		name = DefaultGroup
	}
	if g, ok := s.groups[name]; ok {
		return g, nil
	}
	return nil, notFound("Schedule group", name)
}

// page cuts the sorted keys that the request asks for: after NextToken, with
// NamePrefix, up to MaxResults. next is the token of the page after it.
func page(keys []string, r *http.Request, name func(key string) string) (out []string, next string, err error) {
	q := r.URL.Query()
	limit := 100
	if text := q.Get("MaxResults"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > 100 {
			return nil, "", invalid("MaxResults %q is not between 1 and 100.", text)
		}
	}
	keys = slices.DeleteFunc(keys, func(key string) bool {
		return key <= q.Get("NextToken") || !strings.HasPrefix(name(key), q.Get("NamePrefix"))
	})
	if len(keys) > limit {
		return keys[:limit], keys[limit-1], nil
	}
	return keys, "", nil
}

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

func validName(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r)
	})
}

func badName(name string) error {
	return invalid("Value %q at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[0-9a-zA-Z-_.]{1,64}$", name)
}
