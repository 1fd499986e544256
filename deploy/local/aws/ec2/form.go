package ec2

import (
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// maxDepth is more than any parameter of EC2 has parts.
const maxDepth = 10

// node is a form as a tree: `Filter.1.Name=x` is x three levels down.
type node struct {
	path, value string
	children    map[string]*node
}

// decode reads a form into a struct whose fields name their parameter by the
// tag `form`; a list's parameter is that name with .1, .2 and so on. A
// parameter without a field is refused, never passed over.
func decode(form url.Values, into any) error {
	root := &node{children: map[string]*node{}}
	for key := range form {
		if strings.Count(key, ".") >= maxDepth {
			return wire.Errorf("UnknownParameter", "a parameter has more than %d parts", maxDepth)
		}
		if key != "Action" && key != "Version" && key != "DryRun" {
			root.put(key, form.Get(key))
		}
	}
	return root.into(reflect.ValueOf(into).Elem())
}

func (n *node) put(key, value string) {
	for part := range strings.SplitSeq(key, ".") {
		next, ok := n.children[part]
		if !ok {
			next = &node{path: strings.TrimPrefix(n.path+"."+part, "."), children: map[string]*node{}}
			n.children[part] = next
		}
		n = next
	}
	n.value = value
}

func (n *node) into(v reflect.Value) error {
	kind := v.Kind()
	if n.value != "" && (kind == reflect.Struct || kind == reflect.Slice) {
		return wire.Errorf("InvalidParameterValue", "the parameter %s takes no value of its own", n.path)
	}
	switch kind {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return n.into(v.Elem())
	case reflect.Struct:
		return n.intoStruct(v)
	case reflect.Slice:
		return n.intoSlice(v)
	default:
		return n.intoScalar(v)
	}
}

func (n *node) intoStruct(v reflect.Value) error {
	left := len(n.children)
	for _, f := range reflect.VisibleFields(v.Type()) {
		name, tagged := f.Tag.Lookup("form")
		child, sent := n.children[name]
		if !tagged || !sent {
			continue
		}
		left--
		if err := child.into(v.FieldByIndex(f.Index)); err != nil {
			return err
		}
	}
	if left == 0 {
		return nil
	}
	return n.unknown(v.Type())
}

func (n *node) unknown(t reflect.Type) error {
	known := map[string]bool{}
	for _, f := range reflect.VisibleFields(t) {
		if name, tagged := f.Tag.Lookup("form"); tagged {
			known[name] = true
		}
	}
	var names []string
	for name, child := range n.children {
		if !known[name] {
			names = append(names, child.path)
		}
	}
	slices.Sort(names)
	return wire.Errorf("UnknownParameter", "the embedded EC2 does not support the parameter %s", strings.Join(names, ", "))
}

func (n *node) intoSlice(v reflect.Value) error {
	for i := 1; len(n.children) >= i; i++ {
		child, ok := n.children[strconv.Itoa(i)]
		if !ok {
			return wire.Errorf("InvalidParameterValue", "the items of %s are not numbered from 1", n.path)
		}
		item := reflect.New(v.Type().Elem()).Elem()
		if err := child.into(item); err != nil {
			return err
		}
		v.Set(reflect.Append(v, item))
	}
	return nil
}

func (n *node) intoScalar(v reflect.Value) error {
	if len(n.children) > 0 {
		return wire.Errorf("UnknownParameter", "the parameter %s has no parts", n.path)
	}
	var err error
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.value)
	case reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(n.value)
		v.SetBool(b)
	case reflect.Int:
		var i int64
		i, err = strconv.ParseInt(n.value, 10, 32)
		v.SetInt(i)
	default:
		panic("ec2: no parameter has the type " + v.Type().String())
	}
	if err != nil {
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter %s is invalid.", n.value, n.path)
	}
	return nil
}
