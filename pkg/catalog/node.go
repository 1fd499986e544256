package catalog

import (
	"iter"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// pairs yields the keys and values of a mapping, and notes keys that are written twice.
func (d decoder) pairs(mapping ast.MapNode, path string) iter.Seq2[string, ast.Node] {
	return func(yield func(string, ast.Node) bool) {
		seen := map[string]bool{}
		for each := mapping.MapRange(); each.Next(); {
			token := each.Key().GetToken()
			key := token.Value
			where := join(path, key)
			if seen[key] {
				d.problems = append(d.problems, Problem{
					File: d.file, Line: token.Position.Line, Column: token.Position.Column, Text: where + " is written twice",
				})
				continue
			}
			seen[key] = true
			d.positions[where] = positionOf(each.Key())
			if !yield(key, each.Value()) {
				return
			}
		}
	}
}

// positionOf returns where the node begins. A mapping begins at its first key, though its token is a colon or a brace.
func positionOf(node ast.Node) position {
	if mapping, ok := node.(ast.MapNode); ok {
		if each := mapping.MapRange(); each.Next() {
			node = each.Key()
		}
	}
	token := node.GetToken()
	if token == nil || token.Position == nil {
		return position{}
	}
	return position{token.Position.Line, token.Position.Column}
}

type scalarKind int

const (
	noScalar scalarKind = iota
	isText
	isBool
	isNumber
)

// scalarText returns a scalar as it is written: the account id 012345678901 is no octal number here.
func scalarText(node ast.Node) (string, scalarKind) {
	switch node := node.(type) {
	case *ast.StringNode:
		return node.Value, isText
	case *ast.LiteralNode:
		return node.Value.Value, isText
	case *ast.BoolNode:
		return node.GetToken().Value, isBool
	case *ast.IntegerNode:
		return node.GetToken().Value, isNumber
	case *ast.FloatNode:
		return node.GetToken().Value, isText
	default:
		return "", noScalar
	}
}

// fieldsOf returns the fields of a struct by their keys in YAML.
func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	fields := map[string]reflect.StructField{}
	for field := range t.Fields() {
		if key := field.Tag.Get("yaml"); key != "-" {
			fields[key] = field
		}
	}
	return fields
}

// enumOf returns the closed list that a field's text must be of, or nil.
func enumOf(tag reflect.StructTag) []string {
	switch enum := tag.Get("enum"); enum {
	case "":
		return nil
	case "privileges":
		return Privileges()
	default:
		return strings.Split(enum, "|")
	}
}

// usePreset gives v its defaults, unless it has something already.
func usePreset(v reflect.Value) {
	if p, ok := v.Addr().Interface().(preset); ok && v.IsZero() {
		p.preset()
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
