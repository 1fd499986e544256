package dynamodb

import (
	"context"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/truora/minidyn/interpreter"
)

// search is a query or a scan.
type search struct {
	TableName, IndexName   string
	KeyConditionExpression string // of a query
	FilterExpression       string
	ProjectionExpression   string
	expressions
	ExclusiveStartKey item
	Limit             *int
	ScanIndexForward  *bool
	ConsistentRead    bool
	Select            string
	TotalSegments     int
	KeyConditions     map[string]any
	QueryFilter       map[string]any
	ScanFilter        map[string]any
	AttributesToGet   []string
}

type searchOutput struct {
	Items            []item `json:",omitempty"`
	Count            int
	ScannedCount     int
	LastEvaluatedKey item `json:",omitempty"`
}

func (s *Server) query(_ context.Context, in *search) (*searchOutput, error) {
	return locked(s, in.TableName, func(t *table) (*searchOutput, error) {
		x, err := in.check(t)
		if err != nil {
			return nil, err
		}
		entries, err := in.partition(t, x)
		if err != nil {
			return nil, err
		}
		return in.page(t, x, entries)
	})
}

func (s *Server) scan(_ context.Context, in *search) (*searchOutput, error) {
	return locked(s, in.TableName, func(t *table) (*searchOutput, error) {
		x, err := in.check(t)
		if err != nil {
			return nil, err
		}
		return in.page(t, x, x.entries)
	})
}

// check returns the index to search, or what is wrong with the call.
func (in *search) check(t *table) (*index, error) {
	switch {
	case len(in.KeyConditions)+len(in.QueryFilter)+len(in.ScanFilter)+len(in.AttributesToGet) > 0:
		return nil, invalid("the embedded DynamoDB has no legacy conditions, use expressions")
	case in.TotalSegments > 1:
		return nil, invalid("the embedded DynamoDB has no parallel scans")
	case in.Limit != nil && *in.Limit < 1:
		return nil, invalid("Value '%d' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1", *in.Limit)
	case in.ConsistentRead && in.IndexName != "":
		return nil, invalid("Consistent reads are not supported on global secondary indexes")
	}
	if err := in.expressions.check(in.KeyConditionExpression, in.FilterExpression, in.ProjectionExpression); err != nil {
		return nil, err
	}
	if in.IndexName == "" {
		return t.primary, nil
	}
	i := slices.IndexFunc(t.secondary, func(x *index) bool { return x.name == in.IndexName })
	if i < 0 {
		return nil, invalid("The table does not have the specified index: %s", in.IndexName)
	}
	return t.secondary[i], nil
}

// partition returns the entries for which the key condition holds. The hash
// key's part of it is looked up, the rest evaluated.
func (in *search) partition(t *table, x *index) ([]entry, error) {
	hash, err := in.hashKey(t, x)
	if err != nil {
		return nil, err
	}
	from := sort.Search(len(x.entries), func(n int) bool { return x.entries[n].at.hash.compare(hash) >= 0 })
	to := from + sort.Search(len(x.entries)-from, func(n int) bool { return x.entries[from+n].at.hash.compare(hash) > 0 })
	if !strings.Contains(strings.ToUpper(in.KeyConditionExpression), "AND") {
		return x.entries[from:to], nil
	}
	var out []entry
	for _, e := range x.entries[from:to] {
		ok, err := in.match(in.KeyConditionExpression, e.row.item, interpreter.ExpressionTypeKey)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, e)
		}
	}
	return out, nil
}

// hashKey finds `hash = :value` in the key condition, which AWS demands, and
// sees that nothing but the index's keys is mentioned.
func (in *search) hashKey(t *table, x *index) (key, error) {
	equality := regexp.MustCompile(`([#A-Za-z0-9_]+)\s*=\s*(:[A-Za-z0-9_]+)`)
	for _, m := range equality.FindAllStringSubmatch(in.KeyConditionExpression, -1) {
		name := m[1]
		if full, ok := in.ExpressionAttributeNames[name]; ok {
			name = full
		}
		if name != x.hash {
			continue
		}
		hash, ok := keyOf(in.ExpressionAttributeValues[m[2]], t.kinds[x.hash])
		if !ok {
			return key{}, invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")
		}
		return hash, in.onlyKeys(x)
	}
	return key{}, invalid("Query condition missed key schema element: %s", x.hash)
}

func (in *search) onlyKeys(x *index) error {
	for _, w := range placeholders(in.KeyConditionExpression) {
		name, ok := in.ExpressionAttributeNames[w]
		if ok && name != x.hash && name != x.rng {
			return invalid("Query condition missed key schema element: %s is not a key of the index", name)
		}
	}
	return nil
}

// page cuts one page out of the entries, then filters and projects it: a limit
// counts what was looked at, not what is shown.
func (in *search) page(t *table, x *index, entries []entry) (*searchOutput, error) {
	entries, err := in.from(t, x, entries)
	if err != nil {
		return nil, err
	}
	out := &searchOutput{}
	bytes := 0
	for _, e := range entries {
		bytes += e.row.size
		out.ScannedCount++
		if err := in.show(t, x, e, out); err != nil {
			return nil, err
		}
		if in.Limit != nil && out.ScannedCount == *in.Limit || bytes >= maxPage {
			// Like AWS, also if there is nothing more.
			out.LastEvaluatedKey = e.row.item.only(append(t.primary.names(), x.names()...)...)
			break
		}
	}
	return out, nil
}

// from returns the entries after the start key, in the direction asked for.
// The item of the start key may be gone.
func (in *search) from(t *table, x *index, entries []entry) ([]entry, error) {
	backward := in.ScanIndexForward != nil && !*in.ScanIndexForward
	if backward {
		entries = slices.Clone(entries)
		slices.Reverse(entries)
	}
	if len(in.ExclusiveStartKey) == 0 {
		return entries, nil
	}
	at, err := t.startPosition(x, in.ExclusiveStartKey)
	if err != nil {
		return nil, err
	}
	return entries[sort.Search(len(entries), func(n int) bool {
		c := entries[n].at.compare(at)
		return c > 0 && !backward || c < 0 && backward
	}):], nil
}

func (t *table) startPosition(x *index, start item) (position, error) {
	primary, err := t.primaryKey(start)
	if err != nil || x == t.primary {
		return primary, err
	}
	at, ok, err := t.positionIn(x, start, primary)
	if err == nil && !ok {
		err = invalid("The provided starting key is invalid")
	}
	return at, err
}

// show adds an entry to the page, if the filter lets it.
func (in *search) show(t *table, x *index, e entry, out *searchOutput) error {
	visible := t.project(x, e.row.item)
	ok, err := in.match(in.FilterExpression, visible, interpreter.ExpressionTypeFilter)
	if err != nil || !ok {
		return err
	}
	out.Count++
	if in.Select == "COUNT" {
		return nil
	}
	visible, err = in.project(in.ProjectionExpression, visible)
	out.Items = append(out.Items, visible)
	return err
}
