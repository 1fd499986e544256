package asyncapi

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// schemas collects the JSON Schema of each Go type by its name.
type schemas struct {
	comments *comments
	all      object
}

func newSchemas(c *comments) *schemas { return &schemas{comments: c, all: object{}} }

func (d *document) envelope() object { return d.schemas.of(reflect.TypeFor[event.Envelope]()) }

// of returns the schema of a type as JSON writes it: a reference to it where it
// is one of package event's.
func (s *schemas) of(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[netip.Addr]():
		return object{"type": "string", "description": "An IP address."}
	case reflect.TypeFor[json.RawMessage]():
		return object{}
	}
	if t.PkgPath() != reflect.TypeFor[event.Event]().PkgPath() {
		return s.plain(t)
	}
	if _, ok := s.all[t.Name()]; !ok {
		s.all[t.Name()] = nil // a type within itself
		s.all[t.Name()] = s.named(t)
	}
	return ref("components", "schemas", t.Name())
}

func (s *schemas) plain(t reflect.Type) object {
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int:
		return object{"type": "integer"}
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	default:
		return object{} // whatever it is; the tests know of none
	}
}

func (s *schemas) named(t reflect.Type) object {
	var out object
	switch {
	case t == reflect.TypeFor[event.Duration]():
		out = object{"type": "string", "pattern": `^-?([0-9.]+(ns|us|µs|ms|s|m|h))+$|^0$`, "examples": []string{"1h30m0s"}}
	case t.Kind() == reflect.Struct:
		properties, required := object{}, []string{}
		s.fields(t, properties, &required)
		out = object{"type": "object", "properties": properties}
		if len(required) > 0 {
			out["required"] = required
		}
	default:
		out = s.plain(t)
		if values := s.comments.values[t.Name()]; len(values) > 0 {
			out["enum"] = values
		}
	}
	if text := s.comments.types[t.Name()]; text != "" {
		out["description"] = text
	}
	return out
}

// fields adds a struct's fields, those of embedded structs as its own. What may
// be left out is optional.
func (s *schemas) fields(t reflect.Type, properties object, required *[]string) {
	for f := range t.Fields() {
		if f.Anonymous {
			s.fields(f.Type, properties, required)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		schema := s.of(f.Type)
		if text := s.comments.fields[t.Name()+"."+f.Name]; text != "" {
			schema["description"] = text
		}
		properties[name] = schema
		if !strings.Contains(options, "omit") {
			*required = append(*required, name)
		}
	}
}
