package intake

import (
	"reflect"
	"regexp"
	"testing"
	"unicode/utf8"

	"github.com/powerpole/powerpole/pkg/slackui"
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

func TestSlackTakesEveryTitleAndButton(t *testing.T) {
	t.Parallel()
	for _, say := range []texts{english(), japanese()} {
		for _, short := range []string{say.Title, say.Submit, say.Cancel, say.DenyTitle, say.BreakGlass, say.Review, say.ReviewSubmit, say.Extend, say.ExtendSubmit, say.Credentials, say.Close} {
			if utf8.RuneCountInString(short) > slackui.MaxTitle {
				t.Errorf("%q is too long", short)
			}
		}
	}
}
