package secretsmanager

import (
	"maps"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// The limits on tags.
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

type tag struct{ Key, Value string }

// addTags adds all tags or, where one is bad, none.
func addTags(to map[string]string, tags []tag) error {
	merged := maps.Clone(to)
	for _, t := range tags {
		if t.Key == "" || len(t.Key) > maxTagKey || len(t.Value) > maxTagValue || strings.HasPrefix(t.Key, "aws:") {
			return wire.Errorf("InvalidParameterException", "The tag %q is missing its key, reserved or too long", t.Key)
		}
		merged[t.Key] = t.Value
	}
	if len(merged) > maxTags {
		return wire.Errorf("InvalidParameterException", "A secret has at most %d tags", maxTags)
	}
	maps.Copy(to, merged)
	return nil
}

func tagList(tags map[string]string) []tag {
	out := []tag{}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, tag{k, tags[k]})
	}
	return out
}

type tagInput struct {
	SecretID string `json:"SecretId"`
	Tags     []tag
}

type empty struct{}

func (s *Server) tagResource(in *tagInput) (*empty, error) {
	x, err := s.live(in.SecretID)
	if err != nil {
		return nil, err
	}
	return &empty{}, addTags(x.Tags, in.Tags)
}

type untagInput struct {
	SecretID string `json:"SecretId"`
	TagKeys  []string
}

func (s *Server) untagResource(in *untagInput) (*empty, error) {
	x, err := s.live(in.SecretID)
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(x.Tags, k)
	}
	return &empty{}, nil
}
