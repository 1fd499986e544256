package topology_test

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/topology"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write topology.json anew")

// designed is the contract's table of who consumes what from whom.
var designed = []struct{ types, from, by string }{
	{"RequestCreated", "intake", "approval notifier"},
	{"ActionSubmitted", "intake", "approval"},
	{"HomeOpened CredentialsAsked", "intake", "notifier"},
	{"PersonChanged", "intake", "approval"},
	{"Voted", "approval", "notifier"},
	{"Approved", "approval", "provisioner reaper notifier"},
	{"Denied Cancelled Lapsed", "approval", "notifier"},
	{"Extended", "approval", "reaper"},
	{"Released", "approval", "reaper"},
	{"InstanceReady", "provisioner", "grantor notifier"},
	{"ProvisionFailed", "provisioner", "reaper notifier"},
	{"InstanceLost", "provisioner", "reaper"},
	{"Armed", "reaper", "grantor notifier"},
	{"Granted", "grantor", "reaper notifier"},
	{"GrantFailed", "grantor", "reaper notifier"},
	{"Expiring", "reaper", "notifier"},
	{"Expired", "reaper", "grantor provisioner notifier"},
	{"Revoked", "grantor", "provisioner reaper"},
	{"InstanceTerminated", "provisioner", "reaper"},
	{"Overdue", "provisioner grantor", "reaper"},
	{"Reaped ExtensionRefused", "reaper", "notifier approval"},
	{"Alarmed", "intake approval provisioner grantor notifier reaper", "notifier"},
}

type way struct{ Source, Type, To string }

func TestEverybodyConsumesWhatTheDesignSays(t *testing.T) {
	t.Parallel()
	want := map[way]bool{{"aws.ec2", "EC2 Instance State-change Notification", "provisioner"}: true}
	for _, d := range designed {
		for typ := range strings.FieldsSeq(d.types) {
			for from := range strings.FieldsSeq(d.from) {
				for by := range strings.FieldsSeq(d.by) {
					want[way{"powerpole." + from, typ, by}] = true
				}
			}
		}
	}
	got := map[way]bool{}
	for _, s := range topology.Services() {
		for _, c := range s.Consumes {
			w := way{string(c.Source), c.Type, s.Name}
			if got[w] {
				t.Errorf("%v is there twice", w)
			}
			got[w] = true
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsConsumedIsWhatPassesTheBus(t *testing.T) {
	t.Parallel()
	r, err := event.All()
	if err != nil {
		t.Fatal(err)
	}
	want := map[topology.Consumed]bool{}
	for _, e := range r.Entries() {
		if !e.Private {
			want[topology.Consumed{Source: e.Kind.Source, Type: e.Kind.Type}] = true
		}
	}
	got := map[topology.Consumed]bool{}
	for _, s := range topology.Services() {
		for _, c := range s.Consumes {
			got[c] = true
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("registered but not consumed, or the other way round", diff)
	}
}

func TestRulesRouteEachConsumedTypeOnceAndNothingReplayed(t *testing.T) {
	t.Parallel()
	names, routed := map[string]bool{}, map[way]bool{}
	for _, r := range topology.Rules() {
		if names[r.Name] || len(r.Name) > 64 {
			t.Errorf("rule %s is there twice or longer than EventBridge takes", r.Name)
		}
		names[r.Name] = true
		if r.Queue != "powerpole-"+r.Service {
			t.Errorf("rule %s of %s fills %s", r.Name, r.Service, r.Queue)
		}
		var pattern map[string]any
		b, err := json.Marshal(r.Pattern)
		if err != nil || json.Unmarshal(b, &pattern) != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]any{map[string]any{"exists": false}}, pattern["replay-name"]); diff != "" || len(pattern) != 3 {
			t.Errorf("rule %s takes what is replayed: %s", r.Name, b)
		}
		for _, src := range r.Pattern.Source {
			if aws := strings.HasPrefix(string(src), "aws."); aws != (r.Bus == "default") {
				t.Errorf("rule %s for %s is on bus %s", r.Name, src, r.Bus)
			}
			for _, typ := range r.Pattern.DetailType {
				routed[way{string(src), typ, r.Service}] = true
			}
		}
	}
	for _, s := range topology.Services() {
		for _, c := range s.Consumes {
			w := way{string(c.Source), c.Type, s.Name}
			if !routed[w] {
				t.Errorf("%v has no rule", w)
			}
			delete(routed, w)
		}
	}
	if len(routed) > 0 {
		t.Errorf("routed and not consumed: %v", slices.Collect(maps.Keys(routed)))
	}
}

func TestEachServiceHasTheLimitsOfTheDesign(t *testing.T) {
	t.Parallel()
	most := map[string]int{"intake": 0, "approval": 20, "provisioner": 200, "grantor": 20, "notifier": 20, "reaper": 20}
	for _, s := range topology.Services() {
		if s.MaxReceive != most[s.Name] || string(s.Source) != "powerpole."+s.Name {
			t.Errorf("%s of %s may receive %d times, want %d", s.Name, s.Source, s.MaxReceive, most[s.Name])
		}
		queue, dead, table := "powerpole-"+s.Name, "powerpole-"+s.Name+"-dlq", "powerpole-"+s.Name
		if s.Name == "intake" { // keeps nothing and is told nothing
			queue, dead, table = "", "", ""
		}
		if s.Queue() != queue || s.DeadQueue() != dead || s.TableName() != table {
			t.Errorf("%s has %q, %q and %q", s.Name, s.Queue(), s.DeadQueue(), s.TableName())
		}
		if s.Queue() != "" && topology.RedriveAfter(s) <= s.MaxReceive {
			t.Errorf("%s is redriven before it parks with a reason", s.Name)
		}
		if found, ok := topology.Find(s.Name); !ok || found.Source != s.Source {
			t.Errorf("%s is not found", s.Name)
		}
		delete(most, s.Name)
	}
	if _, ok := topology.Find("nobody"); ok || len(most) > 0 {
		t.Errorf("missing: %v, or nobody was found", most)
	}
}

func TestTopologyJSONIsFresh(t *testing.T) {
	t.Parallel()
	want, err := topology.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("topology.json", want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("topology.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error("run `go test ./topology -update`:", diff)
	}
}

// Terraform builds from topology.json alone.
func TestTopologyJSONHasAllThatIsToBeBuilt(t *testing.T) {
	t.Parallel()
	b, err := topology.JSON()
	if err != nil {
		t.Fatal(err)
	}
	type queue = map[string]any
	var d struct {
		Bus, Archive string
		Group        string `json:"schedule_group"`
		Tables       []map[string]string
		Queues       []queue
		Rules        []topology.Rule
		Schedules    []struct {
			Name, Queue, Group string
			Message            json.RawMessage
		}
	}
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	if d.Bus != "powerpole" || d.Archive != "powerpole" || d.Group != "powerpole" {
		t.Errorf("bus %q, archive %q, schedule group %q", d.Bus, d.Archive, d.Group)
	}
	if len(d.Tables) != 5 || len(d.Queues) != 5 || len(d.Schedules) != 5 {
		t.Errorf("%d tables, %d queues, %d sweeps", len(d.Tables), len(d.Queues), len(d.Schedules))
	}
	want := queue{
		"name": "powerpole-provisioner", "service": "provisioner", "visibility_seconds": 45.0, "retention_seconds": 345600.0,
		"max_receive_count": 205.0, "dead_queue": "powerpole-provisioner-dlq", "dead_retention_seconds": 1209600.0,
	}
	if !slices.ContainsFunc(d.Queues, func(q queue) bool { return cmp.Equal(q, want) }) {
		t.Errorf("no queue is as the provisioner's must be: %v", d.Queues)
	}
	if diff := cmp.Diff(topology.Rules(), d.Rules); diff != "" {
		t.Error(diff)
	}
	known, err := event.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range d.Schedules {
		e, err := event.Parse(s.Message)
		if err != nil || "powerpole-"+strings.TrimPrefix(string(e.Source), "powerpole.") != s.Queue || s.Group != "default" {
			t.Errorf("%s fills %s of group %s with %s: %v", s.Name, s.Queue, s.Group, s.Message, err)
		}
		if data, err := known.Decode(e.Event); err != nil || data != (event.SweepDue{}) {
			t.Errorf("%s: %v, %v", s.Name, data, err)
		}
	}
}
