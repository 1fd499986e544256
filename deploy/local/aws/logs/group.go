package logs

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

var groupName = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)

// retentions are the numbers of days that AWS lets one choose from.
var retentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// group is a log group. Retention is in days, zero for ever.
type group struct {
	name, kms string
	created   time.Time
	retention int
	streams   map[string]*stream
}

// expire drops the events that are older than the group keeps them.
func (g *group) expire() {
	if g.retention == 0 {
		return
	}
	oldest := time.Now().AddDate(0, 0, -g.retention)
	for _, st := range g.streams {
		st.events = slices.DeleteFunc(st.events, func(e Event) bool { return e.Time.Before(oldest) })
	}
}

func (g *group) bytes() int {
	n := 0
	for _, st := range g.streams {
		n += st.bytes()
	}
	return n
}

func (g *group) stream(name string) (*stream, error) {
	st, ok := g.streams[name]
	if !ok {
		return nil, wire.Errorf("ResourceNotFoundException", "The specified log stream does not exist.")
	}
	return st, nil
}

type empty struct{}

type createGroupInput struct {
	Name string            `json:"logGroupName"`
	KMS  string            `json:"kmsKeyId"`
	Tags map[string]string `json:"tags"`
}

// createLogGroup takes tags and shows them nowhere, as there is no call here
// that asks for them.
func (s *Server) createLogGroup(in *createGroupInput) (*empty, error) {
	if !groupName.MatchString(in.Name) {
		return nil, wire.Errorf("InvalidParameterException", "%q is no name of a log group", in.Name)
	}
	if _, ok := s.groups[in.Name]; ok {
		return nil, wire.Errorf("ResourceAlreadyExistsException", "The specified log group already exists")
	}
	s.groups[in.Name] = &group{name: in.Name, kms: in.KMS, created: now(), streams: map[string]*stream{}}
	return &empty{}, nil
}

type groupInput struct {
	Name string `json:"logGroupName"`
}

func (s *Server) deleteLogGroup(in *groupInput) (*empty, error) {
	g, err := s.find(in.Name, "")
	if err != nil {
		return nil, err
	}
	delete(s.groups, g.name)
	return &empty{}, nil
}

type retentionInput struct {
	Name string `json:"logGroupName"`
	Days int    `json:"retentionInDays"`
}

func (s *Server) putRetentionPolicy(in *retentionInput) (*empty, error) {
	if !slices.Contains(retentions, in.Days) {
		return nil, wire.Errorf("InvalidParameterException", "retentionInDays %d is none of %v", in.Days, retentions)
	}
	g, err := s.find(in.Name, "")
	if err != nil {
		return nil, err
	}
	g.retention = in.Days
	return &empty{}, nil
}

func (s *Server) deleteRetentionPolicy(in *groupInput) (*empty, error) {
	g, err := s.find(in.Name, "")
	if err != nil {
		return nil, err
	}
	g.retention = 0
	return &empty{}, nil
}

type describeGroupsInput struct {
	Prefix    string `json:"logGroupNamePrefix"`
	Pattern   string `json:"logGroupNamePattern"`
	Limit     *int   `json:"limit"`
	NextToken string `json:"nextToken"`
}

type describeGroupsOutput struct {
	Groups    []groupJSON `json:"logGroups"`
	NextToken string      `json:"nextToken,omitempty"`
}

type groupJSON struct {
	Name      string `json:"logGroupName"`
	ARN       string `json:"arn"`
	GroupARN  string `json:"logGroupArn"`
	Class     string `json:"logGroupClass"`
	KMS       string `json:"kmsKeyId,omitempty"`
	Created   *int64 `json:"creationTime"`
	Retention int    `json:"retentionInDays,omitempty"`
	Bytes     int    `json:"storedBytes"`
}

func (s *Server) describeLogGroups(in *describeGroupsInput) (*describeGroupsOutput, error) {
	if in.Prefix != "" && in.Pattern != "" {
		return nil, wire.Errorf("InvalidParameterException", "logGroupNamePrefix and logGroupNamePattern exclude each other")
	}
	limit, err := limited(in.Limit, 50, 50)
	if err != nil {
		return nil, err
	}
	names := slices.DeleteFunc(slices.Collect(maps.Keys(s.groups)), func(n string) bool {
		return !strings.HasPrefix(n, in.Prefix) || !strings.Contains(strings.ToLower(n), strings.ToLower(in.Pattern))
	})
	shown, next, ok := wire.Page(names, func(n string) string { return n }, limit, in.NextToken)
	if !ok {
		return nil, badToken(in.NextToken)
	}
	out := &describeGroupsOutput{Groups: []groupJSON{}, NextToken: next}
	for _, n := range shown {
		g := s.groups[n]
		g.expire()
		out.Groups = append(out.Groups, groupJSON{n, s.arn(n) + ":*", s.arn(n), "STANDARD", g.kms, millis(g.created), g.retention, g.bytes()})
	}
	return out, nil
}

// limited returns how many items a page may have.
func limited(asked *int, standard, most int) (int, error) {
	if asked == nil {
		return standard, nil
	}
	if *asked < 1 || *asked > most {
		return 0, wire.Errorf("InvalidParameterException", "limit must be between 1 and %d", most)
	}
	return *asked, nil
}

func badToken(token string) error {
	return wire.Errorf("InvalidParameterException", "The specified nextToken %q is invalid.", token)
}
