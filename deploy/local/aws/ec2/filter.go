package ec2

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// filter is a condition: the named field has one of the values, in which *
// and ? stand for anything.
type filter struct {
	Name   string   `form:"Name"`
	Values []string `form:"Value"`
}

// fields are what can be filtered by, besides tags.
type fields[T any] map[string]func(T) string

type tagged interface{ tagSet() map[string]string }

// apply returns the items that meet every filter.
func apply[T tagged](filters []filter, by fields[T], items []T) ([]T, error) {
	for _, f := range filters {
		get, err := getter(f, by)
		if err != nil {
			return nil, err
		}
		match := f.pattern()
		items = slices.DeleteFunc(slices.Clone(items), func(t T) bool {
			return !slices.ContainsFunc(get(t), match.MatchString)
		})
	}
	return items, nil
}

// getter returns what a filter looks at. A resource without the thing has no
// values, so that it meets no filter.
func getter[T tagged](f filter, by fields[T]) (func(T) []string, error) {
	if field, ok := by[f.Name]; ok {
		return func(t T) []string { return present(field(t)) }, nil
	}
	if f.Name == "tag-key" {
		return func(t T) []string { return sortedKeys(t.tagSet()) }, nil
	}
	key, ok := strings.CutPrefix(f.Name, "tag:")
	if !ok {
		return nil, wire.Errorf("InvalidParameterValue", "The filter '%s' is invalid", f.Name)
	}
	return func(t T) []string {
		if v, ok := t.tagSet()[key]; ok {
			return []string{v}
		}
		return nil
	}, nil
}

func present(v string) []string {
	if v == "" {
		return nil
	}
	return []string{v}
}

func (f filter) pattern() *regexp.Regexp {
	var any []string
	for _, v := range f.Values {
		p := regexp.QuoteMeta(v)
		any = append(any, strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(p))
	}
	if len(any) == 0 {
		return regexp.MustCompile(`[^\s\S]`)
	}
	return regexp.MustCompile(`(?s)^(` + strings.Join(any, "|") + `)$`)
}

func errBothIDsAndPages() error {
	return wire.Errorf("InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults")
}

// page cuts a list, ordered by a number that each item keeps.
func page[T any](items []T, number func(T) int, limit *int, token string) ([]T, string, error) {
	size := 0
	if limit != nil {
		size = *limit
	}
	if limit != nil && (size < 5 || size > 1000) {
		return nil, "", wire.Errorf("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.", size)
	}
	shown, next, ok := wire.Page(items, func(t T) string { return fmt.Sprintf("%012d", number(t)) }, size, token)
	if !ok {
		return nil, "", wire.Errorf("InvalidNextToken", "The token %q is not valid", token)
	}
	return shown, next, nil
}
