package grant_test

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/powerpole/powerpole/pkg/grant"
)

func TestAScopeIsReadInTheOneWayThatItIsWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]grant.Scope{
		"shop.*":                 {Database: "shop"},
		"shop.orders":            {Database: "shop", Table: "orders"},
		"shop.orders(id)":        {Database: "shop", Table: "orders", Columns: []string{"id"}},
		"app_db.t_1(id, item_2)": {Database: "app_db", Table: "t_1", Columns: []string{"id", "item_2"}},
	} {
		got, err := grant.Parse(text)
		if err != nil || !reflect.DeepEqual(got, want) || got.String() != text {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestReadingAScopeCompilesNothing(t *testing.T) {
	allocations := testing.AllocsPerRun(10, func() {
		if _, err := grant.Parse("shop.orders(id)"); err != nil {
			t.Error(err)
		}
	})
	if allocations > 10 {
		t.Errorf("%.0f allocations for one scope", allocations)
	}
}

func TestWhatIsNoScopeIsRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 65)
	for _, text := range []string{
		"", "shop", "shop.", ".orders", "*.*", "shop.o%", "shop.or`ders", "shop.orders.id", "shop.orders\n", " shop.orders",
		"shop.orders()", "shop.orders( )", "shop.orders(id", "shop.orders(id,item)", "shop.orders(id, )", "shop.orders(, id)",
		"shop.orders(id)(item)", "shop.*(id)", "shop.orders(*)", "shop.orders(i`d)", "shop.orders(id) ON *.* TO x", "shop.orders(ïd)",
		"shop.orders(id, item, id)", "shop.orders(id, ID)", "shop.orders(" + long + ")", "shop." + long, long + ".*",
	} {
		if s, err := grant.Parse(text); err == nil {
			t.Errorf("%q was read as %+v", text, s)
		}
	}
}

func TestAStatementQuotesNamesAndEscapesOnlyADatabase(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]grant.Scope{
		"GRANT SELECT, SHOW VIEW ON `app\\_db`.*":          {Database: "app_db", Privileges: []string{"SELECT", "SHOW VIEW"}},
		"GRANT SELECT, INSERT ON `app_db`.`order_items`":   {Database: "app_db", Table: "order_items", Privileges: []string{"SELECT", "INSERT"}},
		"GRANT SELECT (`id`, `item_1`) ON `app_db`.`t_ab`": {Database: "app_db", Table: "t_ab", Columns: []string{"id", "item_1"}, Privileges: []string{"SELECT"}},
	} {
		if err := s.Check(); err != nil {
			t.Error(err)
		}
		if got := s.Statement(false); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := (grant.Scope{Database: "app_db", Privileges: []string{"SELECT"}}).Statement(true); got != "GRANT SELECT ON `app_db`.*" {
		t.Errorf("literal: %s", got)
	}
}

func TestColumnsAreForSelectAlone(t *testing.T) {
	t.Parallel()
	for _, privileges := range [][]string{{"SELECT", "SHOW VIEW"}, {"UPDATE"}, {"SELECT", "UPDATE"}, {}} {
		s := grant.Scope{Database: "shop", Table: "orders", Columns: []string{"id"}, Privileges: privileges}
		if s.Check() == nil {
			t.Errorf("%v: columns may be granted", privileges)
		}
	}
	for _, s := range []grant.Scope{
		{Database: "shop", Columns: []string{"id"}},
		{Database: "shop", Table: "*"},
		{Database: "shop", Table: "orders", Columns: []string{"id, item"}},
		{Database: "shop", Table: "orders(id)"},
	} {
		s.Privileges = []string{"SELECT"}
		if s.Check() == nil {
			t.Errorf("%+v may be granted", s)
		}
	}
}

func TestWithoutTablesTheWholeDatabasesAreGranted(t *testing.T) {
	t.Parallel()
	whole, err := grant.Scopes([]string{"shop", "app_db"}, nil, []string{"SELECT"})
	if err != nil || len(whole) != 2 || whole[1].Statement(false) != "GRANT SELECT ON `app\\_db`.*" {
		t.Errorf("%+v, %v", whole, err)
	}
	narrow, err := grant.Scopes([]string{"shop", "app_db"}, []string{"shop.orders(id)"}, []string{"SELECT"})
	if err != nil || len(narrow) != 1 || narrow[0].Statement(false) != "GRANT SELECT (`id`) ON `shop`.`orders`" {
		t.Errorf("%+v, %v", narrow, err)
	}
	if _, err := grant.Scopes([]string{"shop"}, []string{"shop.orders("}, []string{"SELECT"}); err == nil {
		t.Error("half a column list was read")
	}
}

func TestCoveringAndOverlapping(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b             string
		covers, overlaps bool
	}{
		{"shop.*", "shop.*", true, true},
		{"shop.*", "shop.orders(id)", true, true},
		{"shop.orders", "shop.*", false, true},
		{"shop.orders", "shop.orders(id)", true, true},
		{"shop.orders(id)", "shop.orders", false, true},
		{"shop.orders(id, item)", "shop.orders(item)", true, true},
		{"shop.orders(id, item)", "shop.orders(item, card)", false, true},
		{"shop.orders", "shop.items", false, false},
		{"shop.*", "billing.*", false, false},
	}
	for _, tt := range tests {
		a, _ := grant.Parse(tt.a)
		b, _ := grant.Parse(tt.b)
		if a.Covers(b) != tt.covers || a.Overlaps(b) != tt.overlaps {
			t.Errorf("%s and %s: covers %v, overlaps %v", a, b, a.Covers(b), a.Overlaps(b))
		}
	}
}

// Whatever a scope's names are: what passes Check has exactly the quotes that Statement put there.
func TestNoNameReachesBeyondItsQuotes(t *testing.T) {
	t.Parallel()
	word := rapid.OneOf(rapid.StringMatching(`[a-z_]{1,8}`), rapid.StringMatching("[a-z`\\\\'\"(),.%* ]{0,8}"), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		s := grant.Scope{
			Database: word.Draw(t, "database"), Table: word.Draw(t, "table"),
			Columns: rapid.SliceOfN(word, 0, 3).Draw(t, "columns"), Privileges: []string{"SELECT"},
		}
		if s.Check() != nil {
			return
		}
		want := 2 + 2*len(s.Columns)
		if s.Table != "" {
			want += 2
		}
		if text := s.Statement(false); strings.Count(text, "`") != want || strings.ContainsAny(text, "'\";%") {
			t.Fatalf("%+v gives %s", s, text)
		}
	})
}
