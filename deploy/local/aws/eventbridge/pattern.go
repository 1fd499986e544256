package eventbridge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// maxPattern is the longest event pattern in characters.
const maxPattern = 4096

// pattern is a compiled event pattern
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html).
type pattern struct {
	fields []field
	or     [][]*pattern // each of `$or`'s lists, of which one must match
}

// field is one key of a pattern: a nested pattern, or what its value may be.
type field struct {
	name   string
	nested *pattern
	any    []condition
}

// condition judges one value of the event. present is false where the event
// has none.
type condition func(value any, present bool) bool

// compile reads a pattern, or answers AWS's InvalidEventPatternException. What
// it does not support it refuses: a pattern that silently matched more or less
// would be worse than none.
func compile(text string) (*pattern, error) {
	if len(text) > maxPattern {
		return nil, badPattern("the pattern is longer than %d characters", maxPattern)
	}
	dec := json.NewDecoder(strings.NewReader(text))
	var raw map[string]json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return nil, badPattern("%v", err)
	}
	if dec.More() {
		return nil, badPattern("there is text after the pattern")
	}
	return compileObject(raw)
}

func badPattern(format string, args ...any) error {
	return wire.Errorf("InvalidEventPatternException", "Event pattern is not valid. Reason: "+format, args...)
}

func compileObject(raw map[string]json.RawMessage) (*pattern, error) {
	if len(raw) == 0 {
		return nil, badPattern("Empty objects are not allowed")
	}
	p := &pattern{}
	for name, value := range raw {
		if name == "$or" {
			if err := p.compileOr(value); err != nil {
				return nil, err
			}
			continue
		}
		f, err := compileField(name, value)
		if err != nil {
			return nil, err
		}
		p.fields = append(p.fields, f)
	}
	// Plain values first: they are cheap and decide most events.
	slices.SortFunc(p.fields, func(a, b field) int {
		if (a.nested == nil) != (b.nested == nil) {
			return map[bool]int{true: -1, false: 1}[a.nested == nil]
		}
		return strings.Compare(a.name, b.name)
	})
	return p, nil
}

func (p *pattern) compileOr(value json.RawMessage) error {
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(value, &list); err != nil || len(list) < 2 {
		return badPattern("$or must be an array of two or more objects")
	}
	var branches []*pattern
	for _, raw := range list {
		b, err := compileObject(raw)
		if err != nil {
			return err
		}
		branches = append(branches, b)
	}
	p.or = append(p.or, branches)
	return nil
}

func compileField(name string, value json.RawMessage) (field, error) {
	var object map[string]json.RawMessage
	if bytes.HasPrefix(bytes.TrimSpace(value), []byte("{")) {
		if err := json.Unmarshal(value, &object); err != nil {
			return field{}, badPattern("%v", err)
		}
		nested, err := compileObject(object)
		return field{name: name, nested: nested}, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(value, &list); err != nil || len(list) == 0 {
		return field{}, badPattern("%q must be an object or a non-empty array", name)
	}
	f := field{name: name}
	for _, raw := range list {
		c, err := compileCondition(raw)
		if err != nil {
			return field{}, err
		}
		f.any = append(f.any, c)
	}
	return f, nil
}

// match reports whether an event, or a part of it, is what the pattern wants.
func (p *pattern) match(event map[string]any) bool {
	for _, f := range p.fields {
		if !f.match(event) {
			return false
		}
	}
	for _, branches := range p.or {
		if !slices.ContainsFunc(branches, func(b *pattern) bool { return b.match(event) }) {
			return false
		}
	}
	return true
}

func (f *field) match(event map[string]any) bool {
	value, present := event[f.name]
	if f.nested != nil {
		return f.nested.matchIn(value)
	}
	return slices.ContainsFunc(f.any, func(c condition) bool { return judge(c, value, present) })
}

// matchIn matches a nested pattern: in the object, in one object of an array,
// or in nothing at all, where only "exists: false" can hold.
func (p *pattern) matchIn(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		return p.match(v)
	case []any:
		for _, e := range v {
			if o, ok := e.(map[string]any); ok && p.match(o) {
				return true
			}
		}
	}
	return p.match(nil)
}

// judge asks c about the value, or about each value of an array. To a pattern,
// an object and an empty array are no value.
func judge(c condition, value any, present bool) bool {
	list, ok := value.([]any)
	if !ok {
		_, object := value.(map[string]any)
		return c(value, present && !object)
	}
	if len(list) == 0 {
		return c(nil, false)
	}
	return slices.ContainsFunc(list, func(v any) bool { return judge(c, v, true) })
}

// describe says what a piece of a pattern is, for an error.
func describe(raw json.RawMessage) string {
	const most = 60
	if len(raw) > most {
		return fmt.Sprintf("%s…", raw[:most])
	}
	return string(raw)
}
