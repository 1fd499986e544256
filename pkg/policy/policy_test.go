package policy_test

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/person"
	"github.com/powerpole/powerpole/pkg/policy"
	"github.com/powerpole/powerpole/pkg/reason"
)

func mustCatalog(tb testing.TB) *catalog.Catalog {
	tb.Helper()
	c, _, err := catalog.Load("testdata/powerpole.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func mustEngine(tb testing.TB, extra ...policy.Source) *policy.Engine {
	tb.Helper()
	e, err := policy.New(mustCatalog(tb), extra...)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// The people of the tests: Taro asks, Hanako and Jiro approve, Saburo administers, Shiro is a colleague.
func taro() policy.Principal {
	return policy.Principal{ID: person.ID{User: "U0TARO", Email: "taro.yamada@example.com"}}
}

func hanako() policy.Principal {
	return policy.Principal{ID: person.ID{User: "U0HANAKO", Email: "hanako@example.com"}}
}

func jiro() policy.Principal {
	return policy.Principal{ID: person.ID{User: "U0JIRO", Email: "jiro@example.com"}, Memberships: []string{"S0DBA"}}
}

func saburo() policy.Principal {
	return policy.Principal{ID: person.ID{User: "U0SABURO", Email: "saburo@example.com"}, Memberships: []string{"S0ADMIN"}}
}

func shiro() policy.Principal {
	return policy.Principal{ID: person.ID{User: "U0SHIRO", Email: "shiro@example.com"}, Memberships: []string{"S0OTHER"}}
}

// tarosRequest is one that the catalog offers.
func tarosRequest() policy.Resource {
	return policy.Resource{
		Requester: taro().ID, Cluster: "shop", Role: "READ", Databases: []string{"shop"}, Duration: time.Hour,
	}
}

// A policy about a table is about its columns too: who lists them does not get round it.
func TestColumnsOfATableAreTheTableToAPolicy(t *testing.T) {
	t.Parallel()
	engine := mustEngine(t, policy.Source{Name: "people.cedar", Text: []byte(`
		@id("people") forbid (principal, action, resource) when { resource.tables.contains("shop.people") };
		@id("salary") forbid (principal, action, resource) when { resource.columns.contains("shop.staff.salary") };`)})
	for table, want := range map[string]string{
		"shop.people": "people", "shop.people(id, name)": "people", "shop.staff(id, salary)": "salary",
		"shop.staff(id, name)": "", "shop.staff": "",
	} {
		r := tarosRequest()
		r.Role, r.Tables = "SUPPORT", []string{table}
		d := engine.Decide(taro(), policy.Request, r)
		if forbidden := slices.Contains(d.Policies, want); d.Allow == (want != "") || want != "" && !forbidden {
			t.Errorf("%s: allowed %v by %q, want it forbidden by %q", table, d.Allow, d.Policies, want)
		}
	}
}

func TestEachActionIsForThoseWhoMayTakeIt(t *testing.T) {
	t.Parallel()
	engine := mustEngine(t)
	people := map[string]policy.Principal{
		"requester": taro(), "approver": hanako(), "group": jiro(), "administrator": saburo(), "colleague": shiro(),
	}
	approvers := []string{"approver", "group"}
	allowed := map[policy.Action][]string{
		policy.Request:     {"requester"},
		policy.AutoApprove: {"requester"},
		policy.BreakGlass:  {"requester"},
		policy.Cancel:      {"requester"},
		policy.Extend:      {"requester"},
		policy.Approve:     approvers,
		policy.Deny:        approvers,
		policy.Look:        approvers,
		policy.Review:      approvers,
		policy.Release:     {"requester", "approver", "group", "administrator"},
	}
	for _, action := range policy.Actions() {
		for who, principal := range people {
			want := false
			for _, name := range allowed[action] {
				want = want || name == who
			}
			got := engine.Decide(principal, action, tarosRequest())
			if got.Allow != want {
				t.Errorf("%s by %s: allowed %v, want %v: %q", action, who, got.Allow, want, got.Reasons)
			}
			if len(got.Reasons) == 0 {
				t.Errorf("%s by %s: no reason given", action, who)
			}
		}
	}
}

func TestWhatTheCatalogDoesNotOfferIsNeitherAskedForNorApproved(t *testing.T) {
	t.Parallel()
	engine := mustEngine(t)
	tests := map[string]func(*policy.Resource){
		"cluster":   func(r *policy.Resource) { r.Cluster = "x" },
		"role":      func(r *policy.Resource) { r.Role = "ROOT" },
		"database":  func(r *policy.Resource) { r.Databases = []string{"mysql"} },
		"duration":  func(r *policy.Resource) { r.Duration = 9 * time.Hour },
		"privilege": func(r *policy.Resource) { r.Privileges = []string{"DROP"} },
		"table":     func(r *policy.Resource) { r.Tables = []string{"billing.x"} },
	}
	for name, spoil := range tests {
		r := tarosRequest()
		spoil(&r)
		for action, principal := range map[policy.Action]policy.Principal{
			policy.Request: taro(), policy.AutoApprove: taro(), policy.BreakGlass: taro(), policy.Extend: taro(),
			policy.Approve: hanako(),
		} {
			d := engine.Decide(principal, action, r)
			if d.Allow || len(d.Reasons) != 1 {
				t.Errorf("%s of another %s: %+v, want it refused with the catalog's reason", action, name, d)
			}
		}
	}
}

func TestTermsOfRoleAndClusterDecide(t *testing.T) {
	t.Parallel()
	engine := mustEngine(t)
	for _, tt := range []struct {
		role   string
		action policy.Action
		want   bool
	}{
		{"READ", policy.Extend, true},
		{"DDL", policy.Extend, false}, // extend: false
		{"READ", policy.AutoApprove, true},
		{"DML", policy.AutoApprove, false}, // not in auto_approve
		{"DML", policy.BreakGlass, true},
		{"DDL", policy.BreakGlass, false}, // not in break_glass
	} {
		r := tarosRequest()
		r.Role = tt.role
		if d := engine.Decide(taro(), tt.action, r); d.Allow != tt.want {
			t.Errorf("%s of %s: allowed %v, want %v", tt.action, tt.role, d.Allow, tt.want)
		}
	}
}

func TestRefusalNamesThePoliciesThatForbid(t *testing.T) {
	t.Parallel()
	r := tarosRequest()
	r.Requester = hanako().ID
	d := mustEngine(t).Decide(hanako(), policy.Approve, r)
	want := policy.Decision{
		Policies: []string{"never-yourself-by-id", "never-yourself-by-mail"},
		Reasons: []string{
			"nobody decides about their own request",
			"nobody decides about their own request: the e-mail address is the requester's",
		},
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
}

func TestEveryForbidOfOursSaysWhyInEachLanguage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("policy.cedar")
	if err != nil {
		t.Fatal(err)
	}
	forbids := regexp.MustCompile(`@reason\("(.*)"\)\nforbid`).FindAllSubmatch(text, -1)
	if len(forbids) != bytes.Count(text, []byte("\nforbid")) {
		t.Error("a forbid says no reason")
	}
	for _, f := range forbids {
		if why := string(f[1]); reason.In("ja", why) == why {
			t.Errorf("%q is in no other language", why)
		}
	}
}

func TestUnknownActionIsDenied(t *testing.T) {
	t.Parallel()
	engine := mustEngine(t, permitAll)
	for _, action := range []policy.Action{"", "destroy", "Approve"} {
		if d := engine.Decide(hanako(), action, tarosRequest()); d.Allow || len(d.Reasons) == 0 {
			t.Errorf("%q: %+v", action, d)
		}
	}
}

func TestMembershipCountsAsOfTheMomentOfTheDecision(t *testing.T) {
	t.Parallel()
	engine, member := mustEngine(t), jiro()
	if !engine.Decide(member, policy.Approve, tarosRequest()).Allow {
		t.Fatal("a member of the approvers' group may not approve")
	}
	member.Memberships = nil
	if engine.Decide(member, policy.Approve, tarosRequest()).Allow {
		t.Error("somebody who has left the group may still approve")
	}
}

func TestPolicyThatFailsWhileItIsAskedDenies(t *testing.T) {
	t.Parallel()
	// Valid by its types, and overflowing for a long enough lease: Cedar would leave out this forbid.
	engine := mustEngine(t, policy.Source{
		Name: "overflow.cedar",
		Text: []byte(`@id("overflow") forbid (principal, action, resource) when { resource.seconds * 9223372036854775807 == 1 };`),
	})
	d := engine.Decide(hanako(), policy.Approve, tarosRequest())
	if d.Allow || len(d.Policies) != 1 || d.Policies[0] != "overflow" {
		t.Errorf("decision is %+v, want a refusal because of overflow", d)
	}
}
