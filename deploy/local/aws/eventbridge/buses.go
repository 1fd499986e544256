package eventbridge

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// bus is one event bus. Server.mu guards it.
type bus struct {
	name, arn, description string
	policy                 *policy
	created                time.Time
	rules                  map[string]*rule
}

func (s *Server) newBus(name string, now time.Time) *bus {
	return &bus{name: name, arn: s.arn("event-bus/" + name), created: now, rules: map[string]*rule{}}
}

// bus returns a bus by name or ARN; nothing means the default bus.
func (s *Server) bus(name string) (*bus, error) {
	if name == "" {
		name = DefaultBus
	}
	if b, ok := s.buses[name[strings.LastIndexByte(name, '/')+1:]]; ok && (b.name == name || b.arn == name) {
		return b, nil
	}
	return nil, notFound("Event bus", name)
}

type empty struct{}

type createEventBusInput struct {
	Name, Description string
	Tags              []tag
}

type createEventBusOutput struct{ EventBusArn string }

func (s *Server) createEventBus(_ context.Context, in *createEventBusInput) (*createEventBusOutput, error) {
	if !validName(in.Name, 256) || in.Name == DefaultBus {
		return nil, invalid("Event bus name %q is invalid.", in.Name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.buses[in.Name]; ok {
		return nil, exists("Event bus", in.Name)
	}
	b := s.newBus(in.Name, time.Now())
	b.description = in.Description
	s.buses[in.Name] = b
	s.tag(b.arn, in.Tags)
	return &createEventBusOutput{b.arn}, nil
}

type nameInput struct{ Name string }

func (s *Server) deleteEventBus(_ context.Context, in *nameInput) (*empty, error) {
	if in.Name == DefaultBus {
		return nil, invalid("Cannot delete event bus default.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok := s.buses[in.Name]; ok && len(b.rules) > 0 {
		return nil, invalid("Event bus %s cannot be deleted because it has rules.", in.Name)
	}
	delete(s.buses, in.Name)
	return &empty{}, nil
}

type busDescription struct {
	Name, Arn, Description, Policy string
	CreationTime, LastModifiedTime wire.Epoch
}

func (b *bus) describe() *busDescription {
	d := &busDescription{
		Name: b.name, Arn: b.arn, Description: b.description,
		CreationTime: wire.Epoch(b.created), LastModifiedTime: wire.Epoch(b.created),
	}
	if b.policy != nil {
		text, _ := json.Marshal(b.policy) // a struct of strings and raw JSON that was read
		d.Policy = string(text)
	}
	return d
}

func (s *Server) describeEventBus(_ context.Context, in *nameInput) (*busDescription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bus(in.Name)
	if err != nil {
		return nil, err
	}
	return b.describe(), nil
}

type pageInput struct {
	NamePrefix, NextToken string
	Limit                 int
}

// page returns the names to show, in order, and the token of the next page.
func page[T any](all map[string]T, in pageInput) (names []string, next string) {
	names = sortedKeys(all)
	names = slices.DeleteFunc(names, func(name string) bool {
		return !strings.HasPrefix(name, in.NamePrefix) || name <= in.NextToken
	})
	limit := 100
	if in.Limit > 0 && in.Limit < limit {
		limit = in.Limit
	}
	if len(names) > limit {
		return names[:limit], names[limit-1]
	}
	return names, ""
}

type listEventBusesOutput struct {
	EventBuses []*busDescription
	NextToken  string `json:",omitempty"`
}

func (s *Server) listEventBuses(_ context.Context, in *pageInput) (*listEventBusesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &listEventBusesOutput{EventBuses: []*busDescription{}}
	names, next := page(s.buses, *in)
	out.NextToken = next
	for _, name := range names {
		out.EventBuses = append(out.EventBuses, s.buses[name].describe())
	}
	return out, nil
}

// validName reports whether s is 1 to limit of [0-9A-Za-z._-], with slashes as
// partner buses have them excluded.
func validName(s string, limit int) bool {
	return s != "" && len(s) <= limit && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
	})
}

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
