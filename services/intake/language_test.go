package intake_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/services/intake"
)

// isJapanese reports whether there is kana in a text.
func isJapanese(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unicode.Hiragana, unicode.Katakana) })
}

// Taro has set Slack to Japanese, Emma to English.
func TestEachFormSpeaksTheLanguageOfWhoOpensIt(t *testing.T) {
	t.Parallel()
	for user, want := range map[string]bool{"U0TARO": true, "U0EMMA": false} {
		d := newDesk(t)
		see := func(what string) {
			if shown := string(d.slack.OpenView(user)); shown == "" || isJapanese(shown) != want {
				t.Errorf("%s of %s is %s", what, user, shown)
			}
		}
		_, err := d.slack.SlashCommand(t.Context(), user, "C0SHOPDB", "/powerpole", "")
		must(t, err)
		see("the request's form")
		must(t, d.slack.ActInView(t.Context(), user, d.view(user).ID, intake.ClusterAction, "shop"))
		see("the cluster's form")
		answer, err := d.slack.SubmitView(t.Context(), user, d.view(user).ID, map[string]any{
			intake.DatabasesAction: []string{"shop"}, intake.RoleAction: "READ", intake.DurationAction: "10s",
			intake.ReasonAction: " ", intake.TicketAction: "OPS-7",
		})
		must(t, err)
		for _, block := range []string{intake.DurationBlock, intake.ReasonBlock} {
			if said := answer.Errors[block]; said == "" || isJapanese(said) != want {
				t.Errorf("on %s %s is told %q", block, user, said)
			}
		}
		for _, action := range []event.Action{event.Deny, event.BreakGlass, event.Review, event.Extend, slackui.ShowCredentials} {
			d.click(user, d.message(action, event.NewRequestID()), action)
			see(string(action))
		}
	}
}

func TestAFormOpensThoughSlackDoesNotSayWhichLanguage(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.slack.SetStatus("users.info", 1, 500)
	if form := d.askNothing(); !strings.Contains(form, "Choose a cluster") {
		t.Errorf("the form is %s", form)
	}
}
