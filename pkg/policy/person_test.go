package policy_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/powerpole/powerpole/pkg/person"
	"github.com/powerpole/powerpole/pkg/policy"
)

// permitAll is the worst that an installation can add.
var permitAll = policy.Source{Name: "all.cedar", Text: []byte(`permit (principal, action, resource);`)}

// spellings of one address that a directory or an attacker may come up with.
func spelling(t *rapid.T, address string) string {
	local, domain, _ := strings.Cut(address, "@")
	tag := rapid.SampledFrom([]string{"", "+", "+x", "+a+b", "+" + local}).Draw(t, "tag")
	out := local + tag + "@" + domain
	if rapid.Bool().Draw(t, "upper") {
		out = strings.ToUpper(out)
	}
	return rapid.SampledFrom([]string{"", " ", "\t"}).Draw(t, "space") + out + rapid.SampledFrom([]string{"", ".", "\n"}).Draw(t, "end")
}

func anyResource(t *rapid.T, requester person.ID) policy.Resource {
	text := func(of ...string) string { return rapid.SampledFrom(of).Draw(t, "text") }
	return policy.Resource{
		Requester: requester, Cluster: text("shop", "x", ""), Role: text("READ", "DML", "DDL", "ROOT", ""),
		Databases: []string{text("shop", "billing", "mysql")},
		Duration:  time.Duration(rapid.Int64Range(-1, 10).Draw(t, "hours")) * time.Hour,
	}
}

func TestNobodyEverDecidesAboutTheirOwnRequest(t *testing.T) {
	t.Parallel()
	engines := map[string]*policy.Engine{"default": mustEngine(t), "permissive": mustEngine(t, permitAll)}
	decisions := []policy.Action{policy.Approve, policy.Deny, policy.Look, policy.Review}
	rapid.Check(t, func(t *rapid.T) {
		self := hanako().ID
		other := self
		if rapid.Bool().Draw(t, "same by id") {
			other.User = rapid.SampledFrom([]string{self.User, strings.ToLower(self.User)}).Draw(t, "user")
			other.Email = rapid.SampledFrom([]string{"other@example.com", "", self.Email}).Draw(t, "email")
		} else {
			other.User = rapid.SampledFrom([]string{"U0OTHER", "", "W1"}).Draw(t, "user")
			other.Email = spelling(t, self.Email)
		}
		principal := policy.Principal{ID: self, Memberships: []string{"S0DBA", "S0ADMIN"}}
		action := rapid.SampledFrom(decisions).Draw(t, "action")
		name := rapid.SampledFrom([]string{"default", "permissive"}).Draw(t, "engine")
		for _, pair := range [][2]person.ID{{self, other}, {other, self}} {
			principal.ID = pair[0]
			if d := engines[name].Decide(principal, action, anyResource(t, pair[1])); d.Allow {
				t.Fatalf("%s engine: %s of %+v by %+v was allowed", name, action, pair[1], pair[0])
			}
		}
	})
}

func TestApprovalNeedsAnApproverWhoIsSomebodyElse(t *testing.T) {
	t.Parallel()
	engine := mustEngine(t)
	rapid.Check(t, func(t *rapid.T) {
		user := rapid.SampledFrom([]string{"U0HANAKO", "U0TARO", "U0SHIRO", ""})
		email := rapid.SampledFrom([]string{"hanako@example.com", "taro.yamada@example.com", "x@example.org", ""})
		draw := func(label string) person.ID {
			return person.ID{User: user.Draw(t, label), Email: email.Draw(t, label)}
		}
		p := policy.Principal{
			ID: draw("principal"), Memberships: rapid.SliceOf(rapid.SampledFrom([]string{"S0DBA", "S0OTHER"})).Draw(t, "groups"),
			Guest: rapid.Bool().Draw(t, "guest"), Bot: rapid.Bool().Draw(t, "bot"),
			Stranger: rapid.Bool().Draw(t, "stranger"), Deactivated: rapid.Bool().Draw(t, "deactivated"),
		}
		r := anyResource(t, draw("requester"))
		if !engine.Decide(p, policy.Approve, r).Allow {
			return
		}
		isApprover := p.User == "U0HANAKO" || strings.Contains(strings.Join(p.Memberships, " "), "S0DBA")
		switch {
		case person.Same(p.ID, r.Requester), !p.Complete(), !r.Requester.Complete():
			t.Fatalf("allowed between %+v and %+v", p.ID, r.Requester)
		case p.Guest, p.Bot, p.Stranger, p.Deactivated, !isApprover, person.Domain(p.Email) != "example.com":
			t.Fatalf("allowed to somebody who is nobody: %+v", p)
		}
	})
}

func TestRequestOfSomebodyHalfKnownIsNotApproved(t *testing.T) {
	t.Parallel()
	engine := mustEngine(t, permitAll)
	for _, requester := range []person.ID{{}, {User: "U0TARO"}, {Email: "taro@example.com"}, {User: "U0TARO", Email: "taro"}, {User: "U0TARO", Email: "@example.com"}} {
		r := tarosRequest()
		r.Requester = requester
		for _, action := range []policy.Action{policy.Approve, policy.AutoApprove, policy.BreakGlass, policy.Review} {
			if engine.Decide(hanako(), action, r).Allow {
				t.Errorf("%s of a request by %+v was allowed", action, requester)
			}
		}
	}
}

func TestGuestsBotsStrangersAndOtherDomainsMayDoNothing(t *testing.T) {
	t.Parallel()
	engines := map[string]*policy.Engine{"default": mustEngine(t), "permissive": mustEngine(t, permitAll)}
	nobodies := map[string]func(*policy.Principal){
		"guest":          func(p *policy.Principal) { p.Guest = true },
		"bot":            func(p *policy.Principal) { p.Bot = true },
		"stranger":       func(p *policy.Principal) { p.Stranger = true },
		"deactivated":    func(p *policy.Principal) { p.Deactivated = true },
		"other domain":   func(p *policy.Principal) { p.Email = "taro.yamada@example.org" },
		"no domain":      func(p *policy.Principal) { p.Email = "taro.yamada" },
		"without e-mail": func(p *policy.Principal) { p.Email = "" },
		"without id":     func(p *policy.Principal) { p.User = "" },
	}
	for name, spoil := range nobodies {
		for engineName, engine := range engines {
			for _, action := range policy.Actions() {
				for _, principal := range []policy.Principal{taro(), hanako(), saburo()} {
					spoil(&principal)
					if engine.Decide(principal, action, tarosRequest()).Allow {
						t.Errorf("%s engine lets a %s %s", engineName, name, action)
					}
				}
			}
		}
	}
}
