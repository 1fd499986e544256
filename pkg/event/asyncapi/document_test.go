package asyncapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/event/asyncapi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write asyncapi.json anew")

const path = "../asyncapi.json"

func written(t *testing.T) []byte {
	t.Helper()
	r, err := event.All()
	if err != nil {
		t.Fatal(err)
	}
	b, err := asyncapi.Write(r, "..")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTheDocumentIsFresh(t *testing.T) {
	t.Parallel()
	want := written(t)
	if *update {
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error("run `go test ./event/asyncapi -update`:", diff)
	}
}

func TestASourceThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := asyncapi.Write(event.NewRegistry(), t.TempDir()); err == nil {
		t.Error("no source was taken")
	}
}

type node = map[string]any

func decoded(t *testing.T) node {
	t.Helper()
	var d node
	if err := json.Unmarshal(written(t), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// at follows a reference as `#/a/b`; nil where it leads nowhere.
func at(d node, ref string) node {
	for name := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		next, ok := d[name].(node)
		if !ok {
			return nil
		}
		d = next
	}
	return d
}

func TestEveryReferenceLeadsSomewhere(t *testing.T) {
	t.Parallel()
	d, n := decoded(t), 0
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case node:
			if ref, ok := v["$ref"].(string); ok {
				if n++; at(d, ref) == nil {
					t.Errorf("%s leads nowhere", ref)
				}
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(d)
	if n < 100 {
		t.Errorf("only %d references", n)
	}
}

// What AsyncAPI 3.0.0 requires: asyncapi, info with title and version; of an
// operation action and channel, and messages that are the channel's; names of
// components by its pattern.
func TestTheDocumentHasWhatAsyncAPIRequires(t *testing.T) {
	t.Parallel()
	d := decoded(t)
	info := at(d, "info")
	if d["asyncapi"] != "3.0.0" || info["title"] == "" || info["version"] == "" {
		t.Errorf("asyncapi %v, info %v", d["asyncapi"], info)
	}
	name := regexp.MustCompile(`^[\w.\-]+$`)
	for _, part := range []string{"channels", "operations", "components/messages", "components/schemas"} {
		for key := range at(d, part) {
			if !name.MatchString(key) {
				t.Errorf("%s is no name", key)
			}
		}
	}
	for key := range at(d, "channels") {
		c := at(d, "channels/"+key)
		if c["address"] == "" || len(c["messages"].(node)) == 0 {
			t.Errorf("channel %s is without address or messages", key)
		}
	}
	for key := range at(d, "operations") {
		op := at(d, "operations/"+key)
		channel, _ := at(op, "channel")["$ref"].(string)
		if !slices.Contains([]any{"send", "receive"}, op["action"]) || at(d, channel) == nil {
			t.Errorf("operation %s: %v on %s", key, op["action"], channel)
		}
		for _, m := range op["messages"].([]any) {
			if !strings.HasPrefix(m.(node)["$ref"].(string), channel+"/messages/") {
				t.Errorf("operation %s sends what is not of its channel: %v", key, m)
			}
		}
	}
}

func TestEveryKindIsInTheDocumentWhereItGoes(t *testing.T) {
	t.Parallel()
	d := decoded(t)
	r, err := event.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range r.Entries() {
		_, service, _ := strings.Cut(string(e.Kind.Source), ".")
		channel, operation := "bus", service+".send"
		if e.Private {
			channel, operation = "queue."+service, service+".schedule"
		}
		if e.Kind.Source == event.EC2 {
			channel, operation = "aws", service+".receive"
		}
		ref := "#/channels/" + channel + "/messages/" + strings.ReplaceAll(e.Kind.Type, " ", "-") + ".v1"
		sends, err := json.Marshal(at(d, "operations")[operation])
		if err != nil || !bytes.Contains(sends, []byte(`"`+ref+`"`)) {
			t.Errorf("%s is not what %s says: %s", e.Kind, operation, sends)
		}
		m := at(d, at(d, ref)["$ref"].(string))
		if m["summary"] != e.Summary || m["description"] == "" || m["name"] != e.Kind.Type {
			t.Errorf("%s is described as %v", e.Kind, m)
		}
	}
}

func TestASchemaSaysWhatJSONDoes(t *testing.T) {
	t.Parallel()
	d := decoded(t)
	created := at(d, "components/schemas/RequestCreated")
	want := []any{"requester", "cluster", "databases", "role", "duration", "reason", "digest", "slip"}
	if diff := cmp.Diff(want, created["required"]); diff != "" {
		t.Error(diff)
	}
	for path, want := range map[string]node{
		"RequestCreated/properties/databases": {"type": "array", "items": node{"type": "string"}},
		"Granted/properties/granted_at":       {"type": "string", "format": "date-time"},
		"Reaped/properties/schedules":         {"type": "integer", "description": "deleted or seen gone"},
		"Person/properties/locale":            {"type": "string", "description": "Locale is Slack's, as en-US or ja-JP; TimeZone is an IANA name."},
		"Approved/properties/approvers":       {"type": "array", "items": node{"$ref": "#/components/schemas/Person"}},
		"Outcome": {
			"type": "string", "enum": []any{"gone", "parked", "none"}, "description": "Outcome is how something that was to be ended ended.",
		},
	} {
		if diff := cmp.Diff(want, at(d, "components/schemas/"+path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	if got := at(d, "components/schemas/Action")["enum"]; len(got.([]any)) != len(event.Actions()) {
		t.Errorf("actions: %v", got)
	}
}
