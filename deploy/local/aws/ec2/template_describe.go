package ec2

import (
	"encoding/xml"
	"time"
)

type describeTemplatesInput struct {
	IDs        []string `form:"LaunchTemplateId"`
	Names      []string `form:"LaunchTemplateName"`
	Filters    []filter `form:"Filter"`
	MaxResults *int     `form:"MaxResults"`
	NextToken  string   `form:"NextToken"`
}

type describeTemplatesOutput struct {
	XMLName   xml.Name      `xml:"DescribeLaunchTemplatesResponse"`
	Templates []templateXML `xml:"launchTemplates>item"`
	NextToken string        `xml:"nextToken,omitempty"`
}

var templateFilters = fields[*template]{
	"launch-template-name": func(t *template) string { return t.name },
}

func (s *Server) describeLaunchTemplates(in *describeTemplatesInput) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.namedTemplates(in)
	if err != nil {
		return nil, err
	}
	if found, err = apply(in.Filters, templateFilters, found); err != nil {
		return nil, err
	}
	found, next, err := page(found, func(t *template) int { return t.seq }, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describeTemplatesOutput{NextToken: next}
	for _, t := range found {
		out.Templates = append(out.Templates, t.xml())
	}
	return out, nil
}

// namedTemplates returns the templates asked for, all of which must exist, or
// simply all.
func (s *Server) namedTemplates(in *describeTemplatesInput) ([]*template, error) {
	if len(in.IDs)+len(in.Names) == 0 {
		return s.sortedTemplates(), nil
	}
	var out []*template
	for _, id := range in.IDs {
		t, err := s.template(id, "")
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	for _, name := range in.Names {
		t, err := s.template("", name)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

type describeVersionsInput struct {
	ID         string   `form:"LaunchTemplateId"`
	Name       string   `form:"LaunchTemplateName"`
	Versions   []string `form:"LaunchTemplateVersion"`
	MaxResults *int     `form:"MaxResults"`
	NextToken  string   `form:"NextToken"`
}

type describeVersionsOutput struct {
	XMLName   xml.Name     `xml:"DescribeLaunchTemplateVersionsResponse"`
	Versions  []versionXML `xml:"launchTemplateVersionSet>item"`
	NextToken string       `xml:"nextToken,omitempty"`
}

type versionXML struct {
	ID          string    `xml:"launchTemplateId"`
	Name        string    `xml:"launchTemplateName"`
	Number      int       `xml:"versionNumber"`
	Default     bool      `xml:"defaultVersion"`
	Description string    `xml:"versionDescription,omitempty"`
	Created     time.Time `xml:"createTime"`
	Data        Spec      `xml:"launchTemplateData"`
}

func (t *template) versionXML(v version) versionXML {
	return versionXML{t.id, t.name, v.number, v.number == 1, v.description, v.created, v.data}
}

func (s *Server) describeLaunchTemplateVersions(in *describeVersionsInput) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.template(in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	found := t.versions
	if len(in.Versions) > 0 {
		found = nil
	}
	for _, name := range in.Versions {
		v, err := t.version(name)
		if err != nil {
			return nil, err
		}
		found = append(found, v)
	}
	found, next, err := page(found, func(v version) int { return v.number }, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describeVersionsOutput{NextToken: next}
	for _, v := range found {
		out.Versions = append(out.Versions, t.versionXML(v))
	}
	return out, nil
}

type deleteTemplateInput struct {
	ID   string `form:"LaunchTemplateId"`
	Name string `form:"LaunchTemplateName"`
}

type deleteTemplateOutput struct {
	XMLName  xml.Name    `xml:"DeleteLaunchTemplateResponse"`
	Template templateXML `xml:"launchTemplate"`
}

func (s *Server) deleteLaunchTemplate(in *deleteTemplateInput) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.template(in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	delete(s.templates, t.id)
	return &deleteTemplateOutput{Template: t.xml()}, nil
}
