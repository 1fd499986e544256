package intake_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/intake"
)

func TestAFormThatIsSentBecomesASignedRequest(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	v := d.ask("shop")
	answer, err := d.slack.SubmitView(t.Context(), "U0TARO", v.ID, filled())
	must(t, err)
	if answer.Action != "" || answer.View != nil {
		t.Fatalf("the form did not close: %+v", answer)
	}
	e, r := only[event.RequestCreated](d)
	must(t, event.CheckRequestID(e.Detail.RequestID))
	if r.Cluster != "shop" || len(r.Databases) != 1 || r.Databases[0] != "shop" || r.Role != "READ" ||
		r.Duration.Std().String() != "1h30m0s" || r.Reason != "look at order 7" || r.Ticket != "OPS-7" {
		t.Errorf("asked for %+v", r.Ask)
	}
	who := event.Person{
		Team: "T0NIMBUS", User: "U0TARO", Email: "taro.yamada@nimbus.example", Name: "Taro Yamada", Locale: "ja-JP", TimeZone: "Asia/Tokyo",
	}
	if r.Requester != who {
		t.Errorf("requester %+v, want %+v", r.Requester, who)
	}
	digest, err := warrant.Digest(r.Ask)
	must(t, err)
	if s := d.slip(r.Slip, e.Detail.RequestID); s.Action != "request" || s.User != "U0TARO" || s.Team != "T0NIMBUS" || s.Digest != digest || r.Digest != digest {
		t.Errorf("slip %+v, digest %s", s, r.Digest)
	}
}

func TestTheFormShowsTheWarningAndTheRealPrivileges(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if before := d.askNothing(); strings.Contains(before, intake.DatabasesAction) {
		t.Error("databases are offered before a cluster is chosen")
	}
	text := string(d.ask("shop").Blocks)
	for _, want := range []string{
		"Real customers", "SELECT, SHOW VIEW", "DROP DATABASE", "billing", "GRANT SELECT, SHOW VIEW",
		"SELECT … FOR SHARE", "CREATE VIEW: ", "shop.orders(id, item)`, `billing.invoices`",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the form does not show %q", want)
		}
	}
	if strings.Contains(text, "<!channel>") {
		t.Error("the catalog's text can mention a channel")
	}
}

func (d *desk) askNothing() string {
	d.t.Helper()
	_, err := d.slack.SlashCommand(d.t.Context(), "U0TARO", "C0SHOPDB", "/powerpole", "")
	must(d.t, err)
	return string(d.view("U0TARO").Blocks)
}

func TestAnotherClusterOffersItsOwnDatabasesAndForgetsTheChoice(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	v := d.ask("shop")
	must(t, d.slack.ActInView(t.Context(), "U0TARO", v.ID, intake.ClusterAction, "reports"))
	text := string(d.view("U0TARO").Blocks)
	if !strings.Contains(text, intake.DatabasesBlock("reports")) || strings.Contains(text, intake.DatabasesBlock("shop")) {
		t.Errorf("the form after another choice: %s", text)
	}
}

func TestSendingTheSameFormAgainIsTheSameRequest(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	v := d.ask("shop")
	d.bus.broken = true
	answer, err := d.slack.SubmitView(t.Context(), "U0TARO", v.ID, filled())
	must(t, err)
	if answer.Errors[intake.ReasonBlock] == "" || answer.View == nil {
		t.Fatalf("a form that could not be published did not stay open with an error: %+v", answer)
	}
	d.bus.broken = false
	_, err = d.slack.SubmitView(t.Context(), "U0TARO", v.ID, filled())
	must(t, err)
	e, _ := only[event.RequestCreated](d)
	if !strings.Contains(v.Metadata, e.Detail.RequestID) {
		t.Errorf("request %s is not the form's %s", e.Detail.RequestID, v.Metadata)
	}
}

func TestAValueThatIsWrongIsAnErrorOnItsField(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		key   string
		value any
		block string
	}{
		"no duration at all":        {intake.DurationAction, "soon", intake.DurationBlock},
		"a duration without a unit": {intake.DurationAction, "60", intake.DurationBlock},
		"a negative duration":       {intake.DurationAction, "-1h", intake.DurationBlock},
		"a duration too short":      {intake.DurationAction, "10s", intake.DurationBlock},
		"a duration past the limit": {intake.DurationAction, "8h1m", intake.DurationBlock},
		"a duration that overflows": {intake.DurationAction, "99999999999999h", intake.DurationBlock},
		"parts of a second":         {intake.DurationAction, "1h0.5s", intake.DurationBlock},
		"a reason of spaces":        {intake.ReasonAction, " \t\n ", intake.ReasonBlock},
		"a reason that vanishes":    {intake.ReasonAction, "\u202e\u0007", intake.ReasonBlock},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			form := filled()
			form[test.key] = test.value
			answer, err := d.slack.SubmitView(t.Context(), "U0TARO", d.ask("shop").ID, form)
			must(t, err)
			if answer.Errors[test.block] == "" || len(answer.Errors) != 1 {
				t.Errorf("errors %v, want one on %s", answer.Errors, test.block)
			}
			if n := len(d.bus.all()); n != 0 {
				t.Errorf("%d events were published", n)
			}
		})
	}
}

func TestAValueThatTheCatalogHasNotIsAnErrorOnItsField(t *testing.T) {
	t.Parallel()
	right := map[string]string{"cluster": "shop", "database": "shop", "role": "READ"}
	tests := map[string]struct{ key, value, block string }{
		"cluster":                       {"cluster", "prod-x", intake.ClusterBlock},
		"no cluster":                    {"cluster", "", intake.ClusterBlock},
		"database":                      {"database", "mysql", intake.DatabasesBlock("shop")},
		"role":                          {"role", "ROOT", intake.RoleBlock("shop")},
		"role that the cluster lacks":   {"role", "DML", intake.RoleBlock("shop")},
		"database with a quote in it":   {"database", "shop`.*", intake.DatabasesBlock("shop")},
		"database of another cluster's": {"database", "reports", intake.DatabasesBlock("shop")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			v := maps.Clone(right)
			v[test.key] = test.value
			w := d.post("/slack/interactivity", submission(v), nil)
			var answer struct {
				Action string            `json:"response_action"`
				Errors map[string]string `json:"errors"`
			}
			must(t, json.Unmarshal(w.Body.Bytes(), &answer))
			if answer.Action != "errors" || answer.Errors[test.block] == "" {
				t.Errorf("answer %+v, want an error on %s", answer, test.block)
			}
			if n := len(d.bus.all()); n != 0 {
				t.Errorf("%d events were published", n)
			}
		})
	}
}

// submission is a form as only a forger who can sign would send it.
func submission(v map[string]string) string {
	option := func(value string) map[string]any {
		return map[string]any{"selected_option": map[string]any{"value": value}}
	}
	text := func(value string) map[string]any { return map[string]any{"value": value} }
	payload, _ := json.Marshal(map[string]any{ // maps of texts always marshal
		"type": "view_submission", "team": map[string]any{"id": "T0NIMBUS"}, "user": map[string]any{"id": "U0TARO"},
		"view": map[string]any{
			"callback_id": intake.RequestCallback, "private_metadata": `{"r":"` + event.NewRequestID() + `"}`,
			"state": map[string]any{"values": map[string]any{
				intake.ClusterBlock: map[string]any{intake.ClusterAction: option(v["cluster"])},
				intake.DatabasesBlock(v["cluster"]): map[string]any{intake.DatabasesAction: map[string]any{
					"selected_options": []any{map[string]any{"value": v["database"]}},
				}},
				intake.RoleBlock(v["cluster"]): map[string]any{intake.RoleAction: option(v["role"])},
				intake.DurationBlock:           map[string]any{intake.DurationAction: text("1h")},
				intake.ReasonBlock:             map[string]any{intake.ReasonAction: text("because")},
			}},
		},
	})
	return url.Values{"payload": {string(payload)}}.Encode()
}

func TestAFormThatSlackWouldNotSendIsStillReadAsItIs(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if w := d.post("/slack/interactivity", submission(map[string]string{"cluster": "shop", "database": "shop", "role": "READ"}), nil); w.Code != 200 || w.Body.Len() != 0 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	only[event.RequestCreated](d)
}

func TestASearchFindsClustersAndDatabasesByAPart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	search := func(action, block, text string) string {
		payload := fmt.Sprintf(`{"type":"block_suggestion","team":{"id":"T1"},"user":{"id":"U1"},"action_id":%q,"block_id":%q,"value":%q}`, action, block, text)
		return d.post("/slack/options", url.Values{"payload": {payload}}.Encode(), nil).Body.String()
	}
	if got := search(intake.ClusterAction, intake.ClusterBlock, "PROD"); !strings.Contains(got, `"shop"`) || strings.Contains(got, "reports") {
		t.Errorf("clusters: %s", got)
	}
	if got := search(intake.DatabasesAction, intake.DatabasesBlock("shop"), "bill"); !strings.Contains(got, `"billing"`) || strings.Contains(got, `"shop"`) {
		t.Errorf("databases: %s", got)
	}
	if got := search("other", "x", ""); strings.TrimSpace(got) != `{"options":[]}` {
		t.Errorf("another's menu: %s", got)
	}
}

func TestTablesAndColumnsAreReadHoweverTheyAreSpaced(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string][]string{
		"":                                 {"shop.orders(id, item)"}, // the role's own in the database that was chosen
		" shop . orders ( id ,item ) \n\n": {"shop.orders(id, item)"},
		"shop.orders(item)":                {"shop.orders(item)"},
	} {
		d := newDesk(t)
		form := filled()
		form[intake.RoleAction], form[intake.TablesAction] = "SUPPORT", typed
		answer, err := d.slack.SubmitView(t.Context(), "U0TARO", d.ask("shop").ID, form)
		must(t, err)
		if len(answer.Errors) > 0 {
			t.Errorf("%q: errors %v", typed, answer.Errors)
			continue
		}
		if _, r := only[event.RequestCreated](d); !slices.Equal(r.Tables, want) {
			t.Errorf("%q: asked for %q, want %q", typed, r.Tables, want)
		}
	}
}

func TestATableThatTheCatalogRefusesIsAnErrorOnItsField(t *testing.T) {
	t.Parallel()
	for typed, role := range map[string]string{
		"shop.orders(": "SUPPORT", "shop.orders()": "SUPPORT", "shop.orders(card)": "SUPPORT", "shop.orders(id)\nshop.orders(item)": "SUPPORT",
		"shop.orders(id) ON *.* TO x": "SUPPORT", "shop.orders(i`d)": "SUPPORT", "reports.daily": "READ", "shop.orders(id)": "READ", "orders": "READ",
	} {
		d := newDesk(t)
		form := filled()
		form[intake.RoleAction], form[intake.TablesAction] = role, typed
		answer, err := d.slack.SubmitView(t.Context(), "U0TARO", d.ask("shop").ID, form)
		must(t, err)
		if answer.Errors[intake.TablesBlock("shop")] == "" || len(answer.Errors) != 1 || len(d.bus.all()) != 0 {
			t.Errorf("%q: errors %v, want one on the tables", typed, answer.Errors)
		}
	}
}

func TestControlCharactersAreTakenOutOfWhatPeopleType(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	form := filled()
	form[intake.ReasonAction] = "  a\x00b\u202ec\uffffd\ne  "
	_, err := d.slack.SubmitView(t.Context(), "U0TARO", d.ask("shop").ID, form)
	must(t, err)
	if _, r := only[event.RequestCreated](d); r.Reason != "abcd\ne" {
		t.Errorf("reason %q", r.Reason)
	}
}

func TestSomebodyWhomSlackDoesNotTellUsIsAskedToSendAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	v := d.ask("shop")
	d.slack.SetStatus("users.info", 1, 500)
	answer, err := d.slack.SubmitView(t.Context(), "U0TARO", v.ID, filled())
	must(t, err)
	if answer.Errors[intake.ReasonBlock] == "" || len(d.bus.all()) != 0 {
		t.Errorf("errors %v, %d events", answer.Errors, len(d.bus.all()))
	}
}

func TestAFormThatDoesNotOpenSaysSo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.slack.SetStatus("views.open", 1, 500)
	m, err := d.slack.SlashCommand(t.Context(), "U0TARO", "C0SHOPDB", "/powerpole", "")
	must(t, err)
	if m == nil || m.EphemeralTo != "U0TARO" {
		t.Errorf("the answer is %+v, want a message to Taro alone", m)
	}
}
