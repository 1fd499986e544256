package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/reason"
)

func goodAsk() catalog.Ask {
	return catalog.Ask{
		Cluster: "shop-prod", Databases: []string{"shop", "billing"}, Tables: []string{"shop.orders", "billing.*"},
		Role: "DML", Privileges: []string{"SELECT", "UPDATE"}, Duration: time.Hour,
	}
}

func TestAskIsRefusedForEachThingThatTheCatalogDoesNotOffer(t *testing.T) {
	t.Parallel()
	c := mustLoadExample(t)
	if refused := c.Check(goodAsk()); len(refused) > 0 {
		t.Fatalf("a good ask is refused: %v", refused)
	}
	tests := map[string]struct {
		field string
		spoil func(*catalog.Ask)
	}{
		"unknown cluster":                  {"cluster", func(a *catalog.Ask) { a.Cluster = "x" }},
		"no cluster":                       {"cluster", func(a *catalog.Ask) { a.Cluster = "" }},
		"unknown database":                 {"databases", func(a *catalog.Ask) { a.Databases = append(a.Databases, "mysql") }},
		"database in other case":           {"databases", func(a *catalog.Ask) { a.Databases[0], a.Tables = "SHOP", nil }},
		"no database":                      {"databases", func(a *catalog.Ask) { a.Databases, a.Tables = nil, nil }},
		"database twice":                   {"databases", func(a *catalog.Ask) { a.Databases = append(a.Databases, "shop") }},
		"table elsewhere":                  {"tables", func(a *catalog.Ask) { a.Tables = append(a.Tables, "reports.daily") }},
		"table without database":           {"tables", func(a *catalog.Ask) { a.Tables[0] = "orders" }},
		"table with a quote":               {"tables", func(a *catalog.Ask) { a.Tables[0] = "shop.or`ders" }},
		"table with a wildcard":            {"tables", func(a *catalog.Ask) { a.Tables[0] = "shop.o%" }},
		"table with another level":         {"tables", func(a *catalog.Ask) { a.Tables[0] = "shop.orders.id" }},
		"table without a name":             {"tables", func(a *catalog.Ask) { a.Tables[0] = "shop." }},
		"table twice":                      {"tables", func(a *catalog.Ask) { a.Tables = append(a.Tables, "shop.orders") }},
		"table in its database":            {"tables", func(a *catalog.Ask) { a.Tables = append(a.Tables, "billing.invoices") }},
		"columns of a role that does more": {"tables", func(a *catalog.Ask) { a.Tables[0] = "shop.orders(id)" }},
		"columns, none":                    {"tables", func(a *catalog.Ask) { a.Tables[0] = "shop.orders()" }},
		"more than can be shown":           {"tables", func(a *catalog.Ask) { a.Tables = many(90) }},
		"unknown role":                     {"role", func(a *catalog.Ask) { a.Role = "ROOT" }},
		"role in other case":               {"role", func(a *catalog.Ask) { a.Role = "dml" }},
		"role of another cluster":          {"role", func(a *catalog.Ask) { a.Cluster, a.Databases, a.Tables = "reports-dev", []string{"reports"}, nil }},
		"privilege not the role's":         {"privileges", func(a *catalog.Ask) { a.Privileges = append(a.Privileges, "DROP") }},
		"over the ceiling":                 {"duration", func(a *catalog.Ask) { a.Duration = 4*time.Hour + 1 }},
		"under the minimum":                {"duration", func(a *catalog.Ask) { a.Duration = 5*time.Minute - 1 }},
		"negative":                         {"duration", func(a *catalog.Ask) { a.Duration = -time.Hour }},
		"overflowing":                      {"duration", func(a *catalog.Ask) { a.Duration = 1<<63 - 1 }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ask := goodAsk()
			tt.spoil(&ask)
			refused := c.Check(ask)
			if len(refused) != 1 || refused[0].Field != tt.field || refused[0].Text == "" {
				t.Errorf("refused %v, want one reason about %s", refused, tt.field)
			}
			for _, r := range refused {
				if reason.In("ja", r.Text) == r.Text {
					t.Errorf("%q is in no other language", r.Text)
				}
			}
		})
	}
}

// many are so many tables that no message could show their statements.
func many(n int) []string {
	tables := make([]string, n)
	for i := range tables {
		tables[i] = fmt.Sprintf("shop.orders_%d", i)
	}
	return tables
}

func TestARoleForSomeTablesGivesNothingElse(t *testing.T) {
	t.Parallel()
	c := mustLoadExample(t)
	for tables, allowed := range map[string]bool{
		"shop.orders(id, item)": true, "shop.orders(item)": true, "shop.items": true, "shop.items(id)": true,
		"": false, "shop.*": false, "shop.orders": false, "shop.orders(id, card)": false, "shop.customers": false,
	} {
		ask := catalog.Ask{Cluster: "shop-prod", Databases: []string{"shop"}, Role: "SUPPORT", Duration: time.Hour}
		if tables != "" {
			ask.Tables = []string{tables}
		}
		refused := c.Check(ask)
		if (len(refused) == 0) != allowed || !allowed && refused[0].Field != "tables" {
			t.Errorf("%q: refused %v", tables, refused)
		}
	}
	role, _ := c.Role("SUPPORT")
	if got := role.TablesIn([]string{"shop"}); !slices.Equal(got, role.Tables) {
		t.Errorf("the role's tables in shop are %q", got)
	}
	if got := role.TablesIn([]string{"billing"}); len(got) > 0 {
		t.Errorf("the role's tables in billing are %q", got)
	}
}

func TestColumnsAreNoLongerAllowedOnceTheRoleDoesMore(t *testing.T) {
	t.Parallel()
	c := mustLoadExample(t)
	ask := catalog.Ask{
		Cluster: "shop-prod", Databases: []string{"shop"}, Tables: []string{"shop.orders(id)"}, Role: "READ", Duration: time.Hour,
	}
	if refused := c.Check(ask); len(refused) != 1 || !strings.Contains(refused[0].Text, "SELECT and nothing else") {
		t.Errorf("refused %v, want one reason that says what columns need", refused)
	}
}

func TestNoAskGetsMoreThanTheCatalogOffers(t *testing.T) {
	t.Parallel()
	c := mustLoadExample(t)
	texts := []string{"", "shop-prod", "reports-dev", "shop", "billing", "reports", "mysql", "*", "%", "READ", "DML", "DDL", "ROOT", "SELECT", "DROP", "SUPER"}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.SampledFrom(texts), rapid.String())
		ask := catalog.Ask{
			Cluster: text.Draw(t, "cluster"), Role: text.Draw(t, "role"),
			Databases:  rapid.SliceOfN(text, 0, 3).Draw(t, "databases"),
			Privileges: rapid.SliceOfN(text, 0, 3).Draw(t, "privileges"),
			Duration:   time.Duration(rapid.Int64().Draw(t, "duration")),
		}
		if len(c.Check(ask)) > 0 {
			return
		}
		cluster, _ := c.Cluster(ask.Cluster)
		role, _ := c.Role(ask.Role)
		if !slices.Contains(cluster.Roles, ask.Role) || !subset(ask.Databases, cluster.Databases) || len(ask.Databases) == 0 ||
			!subset(ask.Privileges, role.Privileges) || ask.Duration > role.MaxDuration || ask.Duration < c.Limits().MinDuration {
			t.Fatalf("allowed %+v", ask)
		}
	})
}

func subset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}
