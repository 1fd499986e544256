package secretsmanager

import (
	"maps"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

type listInput struct {
	Filters                []filter
	IncludePlannedDeletion bool
	MaxResults             *int
	NextToken              string
}

// filter is a condition: the value of the key begins with one of the values;
// one that begins with ! must not match.
type filter struct {
	Key    string
	Values []string
}

type listOutput struct {
	SecretList []listEntry
	NextToken  string `json:",omitempty"`
}

type listEntry struct {
	entry
	Versions map[string][]string `json:"SecretVersionsToStages"`
}

// listSecrets lists by name.
func (s *Server) listSecrets(in *listInput) (*listOutput, error) {
	limit := 100
	if in.MaxResults != nil {
		limit = *in.MaxResults
	}
	if limit < 1 || limit > 100 {
		return nil, wire.Errorf("InvalidParameterException", "MaxResults must be between 1 and 100")
	}
	var found []*secret
	for _, x := range s.secrets {
		ok, err := in.wants(x)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, x)
		}
	}
	shown, next, ok := wire.Page(found, func(x *secret) string { return x.Name }, limit, in.NextToken)
	if !ok {
		return nil, wire.Errorf("InvalidNextTokenException", "The token %q is not valid", in.NextToken)
	}
	out := &listOutput{SecretList: []listEntry{}, NextToken: next}
	for _, x := range shown {
		out.SecretList = append(out.SecretList, listEntry{x.entry(), x.stages()})
	}
	return out, nil
}

func (in *listInput) wants(x *secret) (bool, error) {
	if !x.DeletedAt.IsZero() && !in.IncludePlannedDeletion {
		return false, nil
	}
	for _, f := range in.Filters {
		if len(f.Values) == 0 {
			return false, wire.Errorf("InvalidParameterException", "The filter %q has no values", f.Key)
		}
		has, err := x.field(f.Key)
		if err != nil {
			return false, err
		}
		if !f.match(has) {
			return false, nil
		}
	}
	return true, nil
}

func (x *secret) field(key string) ([]string, error) {
	switch key {
	case "name":
		return []string{x.Name}, nil
	case "description":
		return []string{x.Description}, nil
	case "tag-key":
		return slices.Collect(maps.Keys(x.Tags)), nil
	case "tag-value":
		return slices.Collect(maps.Values(x.Tags)), nil
	}
	return nil, wire.Errorf("InvalidParameterException", "the embedded Secrets Manager does not know the filter %q", key)
}

func (f filter) match(has []string) bool {
	return slices.ContainsFunc(f.Values, func(want string) bool {
		want, not := strings.CutPrefix(want, "!")
		return not != slices.ContainsFunc(has, func(v string) bool { return strings.HasPrefix(v, want) })
	})
}
