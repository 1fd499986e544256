package dynamodb

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/truora/minidyn/types"
)

// maxItem is the largest item in bytes, maxPage what one page of a query or a
// scan holds. Both are measured on the JSON, which is a little longer than
// what AWS counts.
const (
	maxItem = 400 << 10
	maxPage = 1 << 20
)

// item is an item, or a part of one, with its attributes by name. An item in
// a table is never changed, only replaced.
type item map[string]*types.Item

// MarshalJSON implements json.Marshaler: each value with its one type, empty
// lists and maps too.
func (i item) MarshalJSON() ([]byte, error) { return appendMap(nil, i) }

func appendMap(b []byte, m map[string]*types.Item) ([]byte, error) {
	b = append(b, '{')
	for n, name := range slices.Sorted(maps.Keys(m)) {
		if n > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		var err error
		if b, err = appendValue(b, m[name]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendText(b []byte, s string) []byte {
	text, _ := json.Marshal(s) // text always marshals
	return append(b, text...)
}

// appendValue writes a value. In a table it has exactly one type.
func appendValue(b []byte, v *types.Item) ([]byte, error) {
	switch {
	case v == nil:
		return append(b, "null"...), nil
	case v.S != nil:
		b = appendText(append(b, `{"S":`...), *v.S)
	case v.N != nil:
		b = appendText(append(b, `{"N":`...), *v.N)
	case v.BOOL != nil:
		b = strconv.AppendBool(append(b, `{"BOOL":`...), *v.BOOL)
	case v.M != nil:
		var err error
		if b, err = appendMap(append(b, `{"M":`...), v.M); err != nil {
			return nil, err
		}
	case v.L != nil:
		var err error
		if b, err = appendList(append(b, `{"L":`...), v.L); err != nil {
			return nil, err
		}
	default:
		return appendRare(b, v)
	}
	return append(b, '}'), nil
}

func appendList(b []byte, list []*types.Item) ([]byte, error) {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendValue(b, v); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

// appendRare writes the types for which encoding/json does.
func appendRare(b []byte, v *types.Item) ([]byte, error) {
	one := map[string]any{"NULL": true}
	switch {
	case v.B != nil:
		one = map[string]any{"B": v.B}
	case v.SS != nil:
		one = map[string]any{"SS": v.SS}
	case v.NS != nil:
		one = map[string]any{"NS": v.NS}
	case v.BS != nil:
		one = map[string]any{"BS": v.BS}
	}
	text, err := json.Marshal(one)
	return append(b, text...), err
}

// check returns AWS's error for an item that cannot be.
func (i item) check() error {
	for name, v := range i {
		if err := checkValue(v); err != nil {
			return err
		}
		if name == "" {
			return invalid("Empty attribute name")
		}
	}
	if err := types.ValidateItemMap(i); err != nil {
		return invalid("%v", err)
	}
	return nil
}

func checkValue(v *types.Item) error {
	if v == nil || kinds(v) != 1 {
		return invalid("Supplied AttributeValue must contain exactly one of the supported datatypes")
	}
	if v.N != nil {
		if _, ok := parseNumber(*v.N); !ok {
			return invalid("A value provided cannot be converted into a number: %q", *v.N)
		}
	}
	if v.SS != nil && len(v.SS) == 0 || v.NS != nil && len(v.NS) == 0 || v.BS != nil && len(v.BS) == 0 {
		return invalid("One or more parameter values were invalid: An set may not be empty")
	}
	for _, e := range v.L {
		if err := checkValue(e); err != nil {
			return err
		}
	}
	for _, e := range v.M {
		if err := checkValue(e); err != nil {
			return err
		}
	}
	return nil
}

// kinds counts the types that a value claims to have.
func kinds(v *types.Item) int {
	n := 0
	for _, set := range []bool{
		v.S != nil, v.N != nil, v.B != nil, v.BOOL != nil, v.NULL != nil,
		v.L != nil, v.M != nil, v.SS != nil, v.NS != nil, v.BS != nil,
	} {
		if set {
			n++
		}
	}
	return n
}

func (i item) only(names ...string) item {
	out := item{}
	for _, name := range names {
		if v, ok := i[name]; ok && name != "" {
			out[name] = v
		}
	}
	return out
}

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
