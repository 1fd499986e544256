package catalog

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

var update = flag.Bool("update", false, "write catalog.schema.json anew")

func TestSchemaIsFresh(t *testing.T) {
	t.Parallel()
	root := schemaOf(reflect.TypeFor[document](), "")
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "powerpole.yaml"
	var want bytes.Buffer
	encoder := json.NewEncoder(&want)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("catalog.schema.json", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(Schema(), want.Bytes()) {
		t.Error("catalog.schema.json is stale: run go test ./catalog -run Schema -update")
	}
}

func TestEveryKeyIsDescribed(t *testing.T) {
	t.Parallel()
	walkStructs(reflect.TypeFor[document](), func(owner reflect.Type, field reflect.StructField) {
		if field.Tag.Get("doc") == "" {
			t.Errorf("%s.%s has no description", owner.Name(), field.Name)
		}
	})
}

func TestEveryFormIsKnown(t *testing.T) {
	t.Parallel()
	unknown := formOf("no such form").words
	walkStructs(reflect.TypeFor[document](), func(owner reflect.Type, field reflect.StructField) {
		name := field.Tag.Get("form")
		if name == "" {
			return
		}
		f := formOf(name)
		if f.words == unknown {
			t.Errorf("%s.%s: form %q is not known", owner.Name(), field.Name, name)
		}
		regexp.MustCompile(f.pattern)
	})
}

// TestSchemaAcceptsTheExample checks the example against the schema as an editor does, for the few keywords that the
// schema has.
func TestSchemaAcceptsTheExample(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/powerpole.yaml")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := yaml.YAMLToJSON(content)
	if err != nil {
		t.Fatal(err)
	}
	var example, rules map[string]any
	if err := json.Unmarshal(raw, &example); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(Schema(), &rules); err != nil {
		t.Fatal(err)
	}
	validate(t, "", example, rules)
}

func schemaOf(t reflect.Type, tag reflect.StructTag) map[string]any {
	out := map[string]any{}
	switch {
	case t == reflect.TypeFor[time.Duration]():
		out["type"], out["pattern"] = "string", `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`
	case t.Kind() == reflect.Struct:
		return objectSchema(t)
	case t.Kind() == reflect.Map:
		out["type"], out["additionalProperties"] = "object", schemaOf(t.Elem(), "")
		out["propertyNames"] = map[string]any{"pattern": formOf(tag.Get("form")).pattern}
	case t.Kind() == reflect.Slice:
		out["type"], out["items"] = "array", schemaOf(t.Elem(), tag)
		if tag.Get("required") != "" {
			out["minItems"] = 1
		}
	case t.Kind() == reflect.Bool:
		out["type"] = "boolean"
	case t.Kind() == reflect.Int:
		out["type"] = "integer"
	case enumOf(tag) != nil:
		out["enum"] = enumOf(tag)
	default:
		out["type"] = "string"
		out["pattern"] = formOf(tag.Get("form")).pattern
	}
	return out
}

func objectSchema(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	fields := fieldsOf(t)
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		property := schemaOf(fields[key].Type, fields[key].Tag)
		property["description"] = fields[key].Tag.Get("doc")
		properties[key] = property
		if fields[key].Tag.Get("required") != "" {
			required = append(required, key)
		}
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties, "required": required}
}

func walkStructs(t reflect.Type, visit func(owner reflect.Type, field reflect.StructField)) {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for _, field := range fieldsOf(t) {
		visit(t, field)
		walkStructs(field.Type, visit)
	}
}

func validate(t *testing.T, path string, value any, rules map[string]any) {
	t.Helper()
	switch value := value.(type) {
	case map[string]any:
		validateObject(t, path, value, rules)
	case []any:
		items, _ := rules["items"].(map[string]any)
		for _, item := range value {
			validate(t, path+"[]", item, items)
		}
	case string:
		if pattern, ok := rules["pattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(value) {
			t.Errorf("%s: %q does not match %s", path, value, pattern)
		}
		if enum, ok := rules["enum"].([]any); ok && !slices.Contains(enum, any(value)) {
			t.Errorf("%s: %q is not one of %v", path, value, enum)
		}
	}
}

func validateObject(t *testing.T, path string, value, rules map[string]any) {
	t.Helper()
	properties, _ := rules["properties"].(map[string]any)
	for key, inner := range value {
		property, ok := properties[key].(map[string]any)
		if !ok {
			property, ok = rules["additionalProperties"].(map[string]any)
		}
		if !ok {
			t.Errorf("%s.%s is not in the schema", path, key)
			continue
		}
		validate(t, path+"."+key, inner, property)
	}
	required, _ := rules["required"].([]any)
	for _, key := range required {
		if name, _ := key.(string); value[name] == nil {
			t.Errorf("%s.%s is required", path, name)
		}
	}
}
