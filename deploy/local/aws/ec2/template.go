package ec2

import (
	"encoding/xml"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

var templateName = regexp.MustCompile(`^[A-Za-z0-9()./_-]{3,128}$`)

// template is a launch template. Its first version stays the default, as
// nothing here changes that.
type template struct {
	seq      int
	id, name string
	created  time.Time
	token    string
	print    [32]byte
	tags     map[string]string
	versions []version
}

type version struct {
	number      int
	description string
	created     time.Time
	data        Spec
}

type templateXML struct {
	ID      string    `xml:"launchTemplateId"`
	Name    string    `xml:"launchTemplateName"`
	Created time.Time `xml:"createTime"`
	Default int       `xml:"defaultVersionNumber"`
	Latest  int       `xml:"latestVersionNumber"`
	Tags    []Tag     `xml:"tagSet>item"`
}

func (t *template) xml() templateXML {
	return templateXML{t.id, t.name, t.created, 1, len(t.versions), tagList(t.tags)}
}

func (t *template) tagSet() map[string]string { return t.tags }

type createTemplateInput struct {
	Name              string             `form:"LaunchTemplateName"`
	Data              *Spec              `form:"LaunchTemplateData"`
	Description       string             `form:"VersionDescription"`
	TagSpecifications []TagSpecification `form:"TagSpecification"`
	ClientToken       string             `form:"ClientToken" json:"-"`
}

type createTemplateOutput struct {
	XMLName  xml.Name    `xml:"CreateLaunchTemplateResponse"`
	Template templateXML `xml:"launchTemplate"`
}

func (s *Server) createLaunchTemplate(in *createTemplateInput) (any, error) {
	if !templateName.MatchString(in.Name) {
		return nil, wire.Errorf("InvalidLaunchTemplateName.MalformedException", "%q is no name of a launch template", in.Name)
	}
	if in.Data == nil {
		return nil, missing("LaunchTemplateData")
	}
	if err := in.Data.check(); err != nil {
		return nil, err
	}
	print, err := fingerprint(in)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.templates {
		if in.ClientToken != "" && t.token == in.ClientToken && t.print == print {
			return &createTemplateOutput{Template: t.xml()}, nil
		}
		if t.name == in.Name {
			return nil, wire.Errorf("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
		}
	}
	return &createTemplateOutput{Template: s.addTemplate(in, print).xml()}, nil
}

func (s *Server) addTemplate(in *createTemplateInput, print [32]byte) *template {
	now := time.Now().UTC().Truncate(time.Second)
	s.seq++
	t := &template{
		seq: s.seq, id: newID("lt-"), name: in.Name, created: now, token: in.ClientToken, print: print,
		tags:     Spec{TagSpecifications: in.TagSpecifications}.tags("launch-template"),
		versions: []version{{1, in.Description, now, *in.Data}},
	}
	s.templates[t.id] = t
	return t
}

type createVersionInput struct {
	ID          string `form:"LaunchTemplateId"`
	Name        string `form:"LaunchTemplateName"`
	Data        *Spec  `form:"LaunchTemplateData"`
	Description string `form:"VersionDescription"`
	Source      string `form:"SourceVersion"`
	ClientToken string `form:"ClientToken"`
}

type createVersionOutput struct {
	XMLName xml.Name   `xml:"CreateLaunchTemplateVersionResponse"`
	Version versionXML `xml:"launchTemplateVersion"`
}

func (s *Server) createLaunchTemplateVersion(in *createVersionInput) (any, error) {
	if in.Data == nil {
		return nil, missing("LaunchTemplateData")
	}
	if err := in.Data.check(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.template(in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	data := *in.Data
	if in.Source != "" {
		from, err := t.version(in.Source)
		if err != nil {
			return nil, err
		}
		data = from.data.over(data)
	}
	v := version{len(t.versions) + 1, in.Description, time.Now().UTC().Truncate(time.Second), data}
	t.versions = append(t.versions, v)
	return &createVersionOutput{Version: t.versionXML(v)}, nil
}

// template finds one by id or by name, of which exactly one must be given.
func (s *Server) template(id, name string) (*template, error) {
	switch {
	case (id == "") == (name == ""):
		return nil, wire.Errorf("InvalidParameterCombination", "Exactly one of LaunchTemplateId and LaunchTemplateName must be given")
	case id != "":
		if t, ok := s.templates[id]; ok {
			return t, nil
		}
		return nil, wire.Errorf("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id)
	}
	for _, t := range s.templates {
		if t.name == name {
			return t, nil
		}
	}
	return nil, wire.Errorf("InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name %s, does not exist.", name)
}

func (s *Server) templateVersion(ref templateRef) (version, error) {
	t, err := s.template(ref.ID, ref.Name)
	if err != nil {
		return version{}, err
	}
	return t.version(ref.Version)
}

// version finds a version by number, $Latest or $Default, the last of which
// stands where nothing is given.
func (t *template) version(name string) (version, error) {
	switch name {
	case "", "$Default":
		return t.versions[0], nil
	case "$Latest":
		return t.versions[len(t.versions)-1], nil
	}
	n, err := strconv.Atoi(name)
	if err != nil || n < 1 || n > len(t.versions) {
		return version{}, wire.Errorf("InvalidLaunchTemplateId.VersionNotFound", "Could not find the version %s of the launch template %s.", name, t.name)
	}
	return t.versions[n-1], nil
}

func (s *Server) sortedTemplates() []*template {
	return slices.SortedFunc(maps.Values(s.templates), func(a, b *template) int { return a.seq - b.seq })
}
