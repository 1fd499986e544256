package catalog

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxSize is the most a catalog may weigh, in bytes.
const maxSize = 1 << 20

// decoder reads a YAML document into a document. yaml.Unmarshal stops at the first problem; this goes on, and remembers
// where each key stands, so that whoever mends a catalog mends it once.
type decoder struct{ *notes }

// decode reads content into doc and notes every problem of form. It reports whether there is a document at all.
func (d decoder) decode(content []byte, doc *document) bool {
	if len(content) > maxSize {
		d.problem("", "has more than %d bytes", maxSize)
		return false
	}
	file, err := parser.ParseBytes(content, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntax(err)
		return false
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		d.problem("", "is empty: nobody may do anything")
		return false
	}
	if len(file.Docs) > 1 {
		d.problem("", "holds more than one YAML document")
		return false
	}
	d.value(file.Docs[0].Body, reflect.ValueOf(doc).Elem(), "", "")
	return true
}

func (d decoder) syntax(err error) {
	problem := Problem{File: d.file, Text: "is not readable as YAML"}
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) {
		problem.Text = syntax.Message
		if at := syntax.Token.Position; at != nil {
			problem.Line, problem.Column = at.Line, at.Column
		}
	}
	d.problems = append(d.problems, problem)
}

// value reads one node into one Go value. tag is the struct tag of the field that it belongs to.
func (d decoder) value(node ast.Node, into reflect.Value, tag reflect.StructTag, path string) {
	if d.positions[path] == (position{}) {
		d.positions[path] = positionOf(node)
	}
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		d.problem(path, "uses an anchor, an alias or a tag, which a catalog has not")
		return
	case *ast.NullNode:
		d.problem(path, "has no value")
		return
	}
	usePreset(into)
	switch into.Kind() {
	case reflect.Struct:
		d.mapping(node, into, path)
	case reflect.Map:
		d.entries(node, into, tag, path)
	case reflect.Slice:
		d.sequence(node, into, tag, path)
	default:
		d.scalar(node, into, tag, path)
	}
}

func (d decoder) mapping(node ast.Node, into reflect.Value, path string) {
	mapping, ok := node.(ast.MapNode)
	if !ok {
		d.problem(path, "is not a mapping of keys to values")
		return
	}
	fields := fieldsOf(into.Type())
	for key, value := range d.pairs(mapping, path) {
		field, known := fields[key]
		if !known {
			d.problem(join(path, key), "is not a key that a catalog has here")
			continue
		}
		d.value(value, into.FieldByIndex(field.Index), field.Tag, join(path, key))
	}
	for name, field := range fields {
		if field.Tag.Get("required") != "" && d.positions[join(path, name)] == (position{}) {
			d.problem(join(path, name), "is missing")
		}
	}
}

func (d decoder) entries(node ast.Node, into reflect.Value, tag reflect.StructTag, path string) {
	mapping, ok := node.(ast.MapNode)
	if !ok {
		d.problem(path, "is not a mapping of keys to values")
		return
	}
	for key, value := range d.pairs(mapping, path) {
		if err := formOf(tag.Get("form")).check("", key); err != nil {
			d.problem(join(path, key), "has a name that %v", err)
			continue
		}
		entry := reflect.New(into.Type().Elem()).Elem()
		if known := into.MapIndex(reflect.ValueOf(key)); known.IsValid() {
			entry.Set(known)
		}
		d.value(value, entry, "", join(path, key))
		into.SetMapIndex(reflect.ValueOf(key), entry)
	}
}

func (d decoder) sequence(node ast.Node, into reflect.Value, tag reflect.StructTag, path string) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		d.problem(path, "is not a list")
		return
	}
	if len(list.Values) == 0 && tag.Get("required") != "" {
		d.problem(path, "is empty")
	}
	out := reflect.MakeSlice(into.Type(), len(list.Values), len(list.Values))
	for i, item := range list.Values {
		d.value(item, out.Index(i), tag, path+"["+strconv.Itoa(i)+"]")
	}
	into.Set(out)
	d.repeats(out, path)
}

// repeats notes what a list of texts says twice: it is a slip of the pen, and two approvers who are one would count
// twice.
func (d decoder) repeats(list reflect.Value, path string) {
	texts, ok := list.Interface().([]string)
	for i := range texts {
		if ok && texts[i] != "" && slices.Contains(texts[:i], texts[i]) {
			d.problem(path+"["+strconv.Itoa(i)+"]", "repeats %q", texts[i])
		}
	}
}

func (d decoder) scalar(node ast.Node, into reflect.Value, tag reflect.StructTag, path string) {
	text, kind := scalarText(node)
	if kind == noScalar {
		d.problem(path, "is not a single value")
		return
	}
	switch target := into.Addr().Interface().(type) {
	case *string:
		d.text(text, target, tag, path)
	case *bool:
		keep(d, path, target, text == "true", kind == isBool, "is neither true nor false")
	case *int:
		n, err := strconv.Atoi(text)
		keep(d, path, target, n, kind == isNumber && err == nil, "is not a whole number")
	case *time.Duration:
		length, err := time.ParseDuration(text)
		keep(d, path, target, length, err == nil, fmt.Sprintf("is %.64q, not a duration, as 30m or 8h", text))
	}
}

// keep sets the target to the value if that is good. What is not good leaves the default, which provokes no further
// problem.
func keep[T any](d decoder, path string, target *T, value T, good bool, otherwise string) {
	if !good {
		d.problem(path, "%s", otherwise)
		return
	}
	*target = value
}

func (d decoder) text(text string, into *string, tag reflect.StructTag, path string) {
	*into = text
	if allowed := enumOf(tag); allowed != nil {
		if !slices.Contains(allowed, text) {
			d.problem(path, "is %.64q, not one of: %s", text, strings.Join(allowed, ", "))
		}
		return
	}
	name := tag.Get("form")
	if err := formOf(name).check(name, text); err != nil {
		d.problem(path, "%v", err)
	}
}
