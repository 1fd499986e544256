package event_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/powerpole/powerpole/pkg/event"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const someRequest = "pp-01jdxnvs00000000000000000a"

func registry(tb testing.TB) *event.Registry {
	tb.Helper()
	r, err := event.All()
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func sample(tb testing.TB, e event.Entry) event.Data {
	tb.Helper()
	for _, s := range samples() {
		if reflect.TypeOf(s) == e.Go {
			return s
		}
	}
	tb.Fatalf("%s has no sample", e.Kind)
	return nil
}

// envelope is the sample of a kind as it would be published.
func envelope(tb testing.TB, e event.Entry) event.Event {
	tb.Helper()
	data, err := json.Marshal(sample(tb, e))
	if err != nil {
		tb.Fatal(err)
	}
	h := event.Header{
		ID: event.ID(e.Kind.Source, e.Kind.Type, someRequest, ""), RequestID: someRequest, Version: e.Kind.Version,
		OccurredAt: someTime, CausationID: "6e2fc34d-0b0c-5b8e-9c54-7b4f6f0a2c11",
		Trace: event.Trace{Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Tracestate: "a=b"},
	}
	return event.Event{Source: e.Kind.Source, Type: e.Kind.Type, Detail: event.Envelope{Header: h, Data: data}}
}

func goldenName(k event.Kind) string {
	return strings.ReplaceAll(strings.TrimPrefix(k.String(), "powerpole."), " ", "-") + ".json"
}

// message is the event as it lies in a queue: one of AWS has no envelope.
func encode(tb testing.TB, e event.Event) []byte {
	tb.Helper()
	var v any = e
	if strings.HasPrefix(string(e.Source), "aws.") {
		v = map[string]any{"id": e.Detail.ID, "source": e.Source, "detail-type": e.Type, "time": e.Detail.OccurredAt, "detail": e.Detail.Data}
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		tb.Fatal(err)
	}
	return append(b, '\n')
}

func TestEveryKindIsOnTheWireAsItsGoldenFileSays(t *testing.T) {
	t.Parallel()
	r := registry(t)
	want := map[string]bool{}
	for _, e := range r.Entries() {
		want[goldenName(e.Kind)] = true
		path := filepath.Join("testdata", goldenName(e.Kind))
		encoded := encode(t, envelope(t, e))
		if *update {
			if err := os.WriteFile(path, encoded, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		golden, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("%s has no golden file: %v", e.Kind, err)
			continue
		}
		if diff := cmp.Diff(string(golden), string(encoded)); diff != "" {
			t.Errorf("%s changed on the wire: %s", e.Kind, diff)
		}
		if diff := cmp.Diff(string(golden), string(encode(t, again(t, r, golden)))); diff != "" {
			t.Errorf("%s does not survive decoding: %s", e.Kind, diff)
		}
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) != len(want) {
		t.Errorf("%d files for %d kinds: %v", len(files), len(want), slices.Sorted(maps.Keys(want)))
	}
}

// again decodes a message and builds the event anew from what was decoded.
func again(tb testing.TB, r *event.Registry, body []byte) event.Event {
	tb.Helper()
	e, err := event.Parse(body)
	if err != nil {
		tb.Fatal(err)
	}
	data, err := r.Decode(e.Event)
	if err != nil {
		tb.Fatal(err)
	}
	out := e.Event
	if out.Detail.Data, err = json.Marshal(data); err != nil {
		tb.Fatal(err)
	}
	return out
}

func TestEverySampleSetsEveryField(t *testing.T) {
	t.Parallel()
	for _, s := range samples() {
		if path := unset(reflect.ValueOf(s)); path != "" {
			t.Errorf("%s%s is zero", s.EventType(), path)
		}
	}
}

func unset(v reflect.Value) string {
	if v.Kind() == reflect.Slice && v.Len() > 0 {
		return unset(v.Index(0))
	}
	if v.Kind() != reflect.Struct || v.Type().PkgPath() != reflect.TypeFor[event.Ask]().PkgPath() {
		return ""
	}
	for f, field := range v.Fields() {
		if field.IsZero() {
			return "." + f.Name
		}
		if path := unset(field); path != "" {
			return "." + f.Name + path
		}
	}
	return ""
}

// zeroMeans are required fields whose zero value says something; of no other
// field may it. Numbers and truth values always do.
var zeroMeans = []string{
	"ActionSubmitted.message",                        // from a command
	"Lapsed.after", "Expiring.left", "Expired.drain", // no time at all
	"InstanceLost.state", // it is not known any more
	"Granted.databases",  // all that the privileges name
}

func TestValidateNamesEveryMissingField(t *testing.T) {
	t.Parallel()
	r := registry(t)
	for _, e := range r.Entries() {
		whole := reflect.New(e.Go).Elem().Interface().(event.Data)
		err := whole.Validate()
		for _, f := range required(e.Go) {
			if slices.Contains(zeroMeans, e.Kind.Type+"."+f) {
				continue
			}
			if err == nil || !strings.Contains(err.Error(), f) {
				t.Errorf("%s without anything does not name %q: %v", e.Kind, f, err)
			}
			one := envelope(t, e)
			one.Detail.Data = without(t, one.Detail.Data, f)
			if _, err := r.Decode(one); !errors.Is(err, event.ErrMalformed) || !strings.Contains(err.Error(), f) {
				t.Errorf("%s without %q: %v", e.Kind, f, err)
			}
		}
	}
}

// required lists the JSON names of the fields that may not be left out.
func required(t reflect.Type) []string {
	var out []string
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch k := f.Type.Kind(); {
		case f.Anonymous:
			out = append(out, required(f.Type)...)
		case strings.Contains(options, "omit"), k == reflect.Bool, k == reflect.Int:
		default:
			out = append(out, name)
		}
	}
	return out
}

func without(t *testing.T, data json.RawMessage, field string) json.RawMessage {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	delete(m, field)
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzWhatDecodesEncodesTheSame(f *testing.F) {
	r := registry(f)
	for _, e := range r.Entries() {
		f.Add(encode(f, envelope(f, e)))
	}
	f.Add([]byte(`{"source":"powerpole.intake","detail-type":"HomeOpened","detail":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := event.Parse(body)
		if err != nil {
			return
		}
		if _, err := r.Decode(e.Event); err != nil {
			return
		}
		once := encode(t, again(t, r, body))
		if twice := encode(t, again(t, r, once)); !bytes.Equal(once, twice) {
			t.Errorf("encoded\n%s, then\n%s", once, twice)
		}
	})
}
