package policy_test

import (
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/person"
	"github.com/powerpole/powerpole/pkg/policy"
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
