package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/policy"
)

func deniesEverything(tb testing.TB, engine *policy.Engine) {
	tb.Helper()
	for _, action := range policy.Actions() {
		for _, principal := range []policy.Principal{taro(), hanako(), jiro(), saburo()} {
			d := engine.Decide(principal, action, tarosRequest())
			if d.Allow || len(d.Reasons) == 0 {
				tb.Errorf("%s by %s: %+v, want a refusal with a reason", action, principal.User, d)
			}
		}
	}
	if engine.Hash() != "" {
		tb.Error("an engine without rules has a hash")
	}
}

func TestBrokenOrEmptyPoliciesDenyEverythingAndSaySo(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"empty":              {"", `"extra.cedar": there is no policy in it`},
		"only comments":      {"// permit (principal, action, resource);", `there is no policy in it`},
		"syntax":             {"permit (principal, action", `parsing policies of "extra.cedar"`},
		"unknown attribute":  {"\nforbid (principal, action, resource) when { principal.height > 2 };", `extra.cedar:2: policy "extra.cedar#1"`},
		"wrong type":         {`forbid (principal, action, resource) when { resource.seconds == "1h" };`, `policy "extra.cedar#1"`},
		"unknown action":     {`permit (principal, action == Action::"destroy", resource);`, `policy "extra.cedar#1"`},
		"id of ours":         {`@id("never-guests") permit (principal, action, resource);`, `policy "never-guests": its id is taken`},
		"id twice":           {`@id("a") permit (principal, action, resource); @id("a") permit (principal, action, resource);`, `policy "a": its id is taken`},
		"one good, one not":  {`permit (principal, action, resource); permit (principal, action, resource) when { x };`, `parsing policies of "extra.cedar"`},
		"not text":           {"\x00\xff", `parsing policies of "extra.cedar"`},
		"context not in use": {`permit (principal, action, resource) when { context.mfa };`, `policy "extra.cedar#1"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine, err := policy.New(mustCatalog(t), policy.Source{Name: "extra.cedar", Text: []byte(tt.text)})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want one with %q", err, tt.want)
			}
			deniesEverything(t, engine)
		})
	}
}

func TestAllProblemsOfAllFilesAreListed(t *testing.T) {
	t.Parallel()
	_, err := policy.New(
		mustCatalog(t),
		policy.Source{Name: "a.cedar", Text: []byte("permit")},
		policy.Source{Name: "b.cedar"},
		policy.Source{Name: "c.cedar", Text: []byte(`permit (principal, action, resource) when { principal.x }; permit (principal, action, resource) when { principal.y };`)},
	)
	for _, want := range []string{`"a.cedar"`, `"b.cedar"`, `"c.cedar#1"`, `"c.cedar#2"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %s", err, want)
		}
	}
}

func TestMissingCatalogDeniesEverything(t *testing.T) {
	t.Parallel()
	for _, c := range []*catalog.Catalog{nil, {}} {
		engine, err := policy.New(c)
		if err == nil {
			t.Error("no word about the missing catalog")
		}
		deniesEverything(t, engine)
	}
	deniesEverything(t, nil)
	deniesEverything(t, &policy.Engine{})
}

func TestMissingFileDeniesEverything(t *testing.T) {
	t.Parallel()
	engine, err := policy.Load(mustCatalog(t), filepath.Join(t.TempDir(), "missing.cedar"))
	if err == nil || !strings.Contains(err.Error(), "missing.cedar") {
		t.Errorf("error is %v", err)
	}
	deniesEverything(t, engine)
}

func TestFilesAreAddedToTheDefaults(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "friday.cedar")
	text := `@id("no-billing") @reason("billing is closed") forbid (principal, action, resource) when { resource.databases.contains("billing") };`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	engine, err := policy.Load(mustCatalog(t), path)
	if err != nil {
		t.Fatal(err)
	}
	r := tarosRequest()
	if d := engine.Decide(hanako(), policy.Approve, r); !d.Allow {
		t.Errorf("shop was refused: %q", d.Reasons)
	}
	r.Databases = append(r.Databases, "billing")
	d := engine.Decide(hanako(), policy.Approve, r)
	if d.Allow || len(d.Policies) != 1 || d.Policies[0] != "no-billing" || d.Reasons[0] != "billing is closed" {
		t.Errorf("billing: %+v", d)
	}
}

func TestHashChangesWithPoliciesAndCatalog(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/powerpole.yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed, _, err := catalog.Parse("powerpole.yaml", []byte(strings.Replace(string(content), "max_duration: 8h", "max_duration: 7h", 1)))
	if err != nil {
		t.Fatal(err)
	}
	other, err := policy.New(changed)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, engine := range []*policy.Engine{mustEngine(t), mustEngine(t, permitAll), other} {
		if engine.Hash() == "" || seen[engine.Hash()] {
			t.Errorf("hash %q is empty or taken", engine.Hash())
		}
		seen[engine.Hash()] = true
	}
	if !seen[mustEngine(t).Hash()] {
		t.Error("the same rules have two hashes")
	}
}

func TestEveryDefaultPolicyHasIDAndReason(t *testing.T) {
	t.Parallel()
	text := string(policy.Default().Text)
	policies := strings.Count(text, "permit (") + strings.Count(text, "forbid (")
	if ids, reasons := strings.Count(text, "\n@id("), strings.Count(text, "\n@reason("); ids != policies || reasons != policies {
		t.Errorf("%d policies, %d ids, %d reasons", policies, ids, reasons)
	}
}
