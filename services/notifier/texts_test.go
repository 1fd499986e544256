package notifier

import (
	"reflect"
	"regexp"
	"testing"

	"github.com/powerpole/powerpole/pkg/event"
)

func TestBothLanguagesSayEverythingWithTheSameValues(t *testing.T) {
	t.Parallel()
	verb := regexp.MustCompile(`%[a-z]`)
	en, ja := reflect.ValueOf(english()), reflect.ValueOf(japanese())
	for i := range en.NumField() {
		name := en.Type().Field(i).Name
		if en.Field(i).Kind() == reflect.Map {
			continue
		}
		a, b := en.Field(i).String(), ja.Field(i).String()
		if a == "" || b == "" {
			t.Errorf("%s: %q, %q", name, a, b)
		}
		if !reflect.DeepEqual(verb.FindAllString(a, -1), verb.FindAllString(b, -1)) {
			t.Errorf("%s takes other values in %q than in %q", name, a, b)
		}
	}
	for _, c := range []event.Cause{event.ByTime, event.ByRelease, event.ByFailure, event.ByLoss, event.ByHardStop} {
		if english().Causes[c] == "" || japanese().Causes[c] == "" {
			t.Errorf("the cause %q has no words", c)
		}
	}
}
