package approval

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestBothLanguagesSayEverythingWithTheSameValues(t *testing.T) {
	t.Parallel()
	verb := regexp.MustCompile(`%[a-z]`)
	en, ja := reflect.ValueOf(english()), reflect.ValueOf(japanese())
	for i := range en.NumField() {
		name, a, b := en.Type().Field(i).Name, en.Field(i).String(), ja.Field(i).String()
		if a == "" || b == "" || a == b {
			t.Errorf("%s: %q, %q", name, a, b)
		}
		if !reflect.DeepEqual(verb.FindAllString(a, -1), verb.FindAllString(b, -1)) {
			t.Errorf("%s takes other values in %q than in %q", name, a, b)
		}
	}
}

func TestTheGrantsShownQuoteWhatGrantWouldTakeForAWildcard(t *testing.T) {
	t.Parallel()
	a := Asked{Privileges: []string{"SELECT", "SHOW VIEW"}}
	a.Databases = []string{"app_db"}
	if got := grants(a); len(got) != 1 || got[0] != "GRANT SELECT, SHOW VIEW ON `app\\_db`.*" {
		t.Errorf("got %q", got)
	}
	a.Tables = []string{"app_db.order_items", "app_db.*"}
	if got := grants(a); len(got) != 2 || got[0] != "GRANT SELECT, SHOW VIEW ON `app_db`.`order_items`" || got[1] != "GRANT SELECT, SHOW VIEW ON `app\\_db`.*" {
		t.Errorf("got %q", got)
	}
	a.Privileges, a.Tables = []string{"SELECT"}, []string{"app_db.order_items(id, item)"}
	if got := grants(a); len(got) != 1 || got[0] != "GRANT SELECT (`id`, `item`) ON `app_db`.`order_items`" {
		t.Errorf("got %q", got)
	}
	a.Tables = []string{"app_db.order_items(id"}
	if got := grants(a); len(got) != 1 || strings.HasPrefix(got[0], "GRANT") {
		t.Errorf("what cannot be granted is shown as %q", got)
	}
}
