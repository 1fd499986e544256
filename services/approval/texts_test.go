package approval

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/reason"
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

func TestADenialIsReadInTheChannelsLanguageUnlessAPersonWroteIt(t *testing.T) {
	t.Parallel()
	by := event.Person{Team: "T0NIMBUS", User: "U0HANAKO"}
	for want, row := range map[string]Entry{
		"never-guests により却下されました: 申請者は利用できなくなりました": {Rules: []string{ruleGone}, Text: reason.TakesNoPart.Say()},
		"が却下しました: 理由は記入されていません":                    {Action: event.Deny, By: by},
		"が却下しました: no database is asked for":        {Action: event.Deny, By: by, Text: reason.NoDatabase.Say()},
	} {
		if got := outcome(Request{Status: Denied, Decided: row}, japanese()); !strings.HasSuffix(got, want) {
			t.Errorf("got %q, want %q", got, want)
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
