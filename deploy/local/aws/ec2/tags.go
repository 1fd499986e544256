package ec2

import (
	"encoding/xml"
	"maps"
	"strings"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// EC2's limits on tags
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html).
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

func checkTags(tags []Tag) error {
	if len(tags) > maxTags {
		return wire.Errorf("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
	}
	for _, t := range tags {
		if t.Key == "" || len(t.Key) > maxTagKey || strings.HasPrefix(t.Key, "aws:") {
			return wire.Errorf("InvalidParameterValue", "Tag key %q is missing, reserved or exceeds %d characters.", t.Key, maxTagKey)
		}
		if len(t.Value) > maxTagValue {
			return wire.Errorf("InvalidParameterValue", "Tag value exceeds the maximum length of %d characters", maxTagValue)
		}
	}
	return nil
}

type createTagsInput struct {
	Resources []string `form:"ResourceId"`
	Tags      []Tag    `form:"Tag"`
}

type createTagsOutput struct {
	XMLName xml.Name `xml:"CreateTagsResponse"`
	Return  bool     `xml:"return"`
}

// createTags tags all resources or, where one is bad, none.
func (s *Server) createTags(in *createTagsInput) (any, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var sets []map[string]string
	for _, id := range in.Resources {
		set, err := s.tagsOf(id)
		if err != nil {
			return nil, err
		}
		merged := maps.Clone(set)
		for _, t := range in.Tags {
			merged[t.Key] = t.Value
		}
		if len(merged) > maxTags {
			return nil, wire.Errorf("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
		}
		sets = append(sets, set)
	}
	for _, set := range sets {
		for _, t := range in.Tags {
			set[t.Key] = t.Value
		}
	}
	return &createTagsOutput{Return: true}, nil
}

func (s *Server) tagsOf(id string) (map[string]string, error) {
	if t, ok := s.templates[id]; ok {
		return t.tags, nil
	}
	if !strings.HasPrefix(id, "i-") {
		return nil, wire.Errorf("InvalidID", "The ID '%s' is not valid", id)
	}
	found, err := s.find([]string{id})
	if err != nil {
		return nil, err
	}
	return found[0].Tags, nil
}

type describeTagsInput struct {
	Filters    []filter `form:"Filter"`
	MaxResults *int     `form:"MaxResults"`
	NextToken  string   `form:"NextToken"`
}

type describeTagsOutput struct {
	XMLName   xml.Name   `xml:"DescribeTagsResponse"`
	Tags      []tagOfXML `xml:"tagSet>item"`
	NextToken string     `xml:"nextToken,omitempty"`
}

type tagOfXML struct {
	Tag
	ResourceID   string `xml:"resourceId"`
	ResourceType string `xml:"resourceType"`
	number       int
}

func (t tagOfXML) tagSet() map[string]string { return map[string]string{t.Key: t.Value} }

var tagFilters = fields[tagOfXML]{
	"key":           func(t tagOfXML) string { return t.Key },
	"value":         func(t tagOfXML) string { return t.Value },
	"resource-id":   func(t tagOfXML) string { return t.ResourceID },
	"resource-type": func(t tagOfXML) string { return t.ResourceType },
}

func (s *Server) describeTags(in *describeTagsInput) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := apply(in.Filters, tagFilters, s.allTags())
	if err != nil {
		return nil, err
	}
	found, next, err := page(found, func(t tagOfXML) int { return t.number }, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &describeTagsOutput{Tags: found, NextToken: next}, nil
}

// allTags numbers every tag by its place in the list, which is good for as
// long as nothing changes between two pages.
func (s *Server) allTags() []tagOfXML {
	var out []tagOfXML
	add := func(id, kind string, tags map[string]string) {
		for _, t := range tagList(tags) {
			out = append(out, tagOfXML{t, id, kind, len(out) + 1})
		}
	}
	for _, i := range s.shown() {
		add(i.ID, "instance", i.Tags)
	}
	for _, t := range s.sortedTemplates() {
		add(t.id, "launch-template", t.tags)
	}
	return out
}
