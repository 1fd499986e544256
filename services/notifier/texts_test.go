package notifier

import (
	"encoding/json"
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

// What PowerPole itself says is in the reader's language; what a person wrote is
// as they wrote it.
func TestAReasonIsReadInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	ja := event.Ask{Requester: event.Person{Locale: "ja-JP"}}
	by := event.Person{Team: "T0NIMBUS", User: "U0HANAKO"}
	saying := reason.ByRequesterSaying.Say("done; no database is asked for")
	for want, st := range map[string]State{
		"早期終了 (申請者が終了しました: done; no database is asked for)": {Expired: &event.Expired{Cause: event.ByRelease, Reason: saying}},
		"現在 AWS に踏み台を作成する空きがありません":                          {Failure: reason.NoCapacity.Say()},
		"申請者のアカウントが無効になりました":                                {Denied: &Denial{Rule: "never-guests", Reason: reason.Deactivated.Say()}},
		"理由は記入されていません":                                      {Denied: &Denial{By: by, Reason: reason.NoReason.Say()}},
		"no database is asked for":                          {Denied: &Denial{By: by, Reason: reason.NoDatabase.Say()}},
	} {
		st.Ask = &ja
		blocks, err := new(Service).body(t.Context(), "", st, japanese())
		if err != nil {
			t.Fatal(err)
		}
		if shown, err := json.Marshal(blocks); err != nil || !strings.Contains(string(shown), want) {
			t.Errorf("%s shows %s, %v, want %q", st.Phase(), shown, err, want)
		}
	}
}
