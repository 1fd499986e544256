package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// form is a modal with everything that PowerPole's have.
const form = `{"type":"modal","callback_id":"ask","title":{"type":"plain_text","text":"Ask for access"},
 "submit":{"type":"plain_text","text":"Ask"},"close":{"type":"plain_text","text":"Cancel"},"blocks":[
 {"type":"section","text":{"type":"mrkdwn","text":"*Read* this"}},
 {"type":"divider"},{"type":"context","elements":[{"type":"mrkdwn","text":"` + "`SELECT`" + `"}]},
 {"type":"input","block_id":"cluster","dispatch_action":true,"label":{"type":"plain_text","text":"Cluster"},"element":{"type":"static_select","action_id":"v",
   "options":[{"text":{"type":"plain_text","text":"Shop"},"value":"shop"},{"text":{"type":"plain_text","text":"Billing"},"value":"billing"}]}},
 {"type":"input","block_id":"databases","label":{"type":"plain_text","text":"Databases"},"element":{"type":"multi_static_select","action_id":"v",
   "options":[{"text":{"type":"plain_text","text":"one"},"value":"one"},{"text":{"type":"plain_text","text":"two"},"value":"two"}]}},
 {"type":"input","block_id":"boxes","optional":true,"label":{"type":"plain_text","text":"Boxes"},"element":{"type":"checkboxes","action_id":"v",
   "options":[{"text":{"type":"plain_text","text":"box"},"value":"box"}]}},
 {"type":"input","block_id":"radio","optional":true,"label":{"type":"plain_text","text":"Radio"},"element":{"type":"radio_buttons","action_id":"v",
   "options":[{"text":{"type":"plain_text","text":"left"},"value":"left"},{"text":{"type":"plain_text","text":"right"},"value":"right"}]}},
 {"type":"input","block_id":"search","optional":true,"label":{"type":"plain_text","text":"Search"},"element":{"type":"external_select","action_id":"v","min_query_length":0}},
 {"type":"input","block_id":"why","label":{"type":"plain_text","text":"Why"},"hint":{"type":"plain_text","text":"for the log"},
   "element":{"type":"plain_text_input","action_id":"v","multiline":true}}]}`

// open types /powerpole, which opens the form.
func (b *bench) open() (view string) {
	b.t.Helper()
	b.app.next(form, "")
	b.post("/slack/say", "channel", "C0SHOPDB", "text", "/powerpole").want(b.t, http.StatusNoContent)
	got := b.get("/fragment/modal").want(b.t, 200)
	return regexp.MustCompile(`data-view="(V[^"]+)"`).FindStringSubmatch(got.body)[1]
}

// put is the state of an element that the app was told last, as text.
func (b *bench) put(block string) string {
	v, _ := b.app.last()["view"].(map[string]any)
	state, _ := v["state"].(map[string]any)
	all, _ := state["values"].(map[string]any)
	one, _ := all[block].(map[string]any)
	e, _ := one["v"].(map[string]any)
	var texts []string
	add := func(v any) {
		switch v := v.(type) {
		case string:
			texts = append(texts, v)
		case map[string]any:
			text, _ := v["value"].(string)
			texts = append(texts, text)
		}
	}
	add(e["value"])
	add(e["selected_option"])
	several, _ := e["selected_options"].([]any)
	for _, o := range several {
		add(o)
	}
	return strings.Join(texts, ",")
}

func TestTheCommandOpensItsModalAsAForm(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.open()
	if got := b.app.last(); got["command"] != "/powerpole" || got["user_id"] != "U0TARO" || got["channel_id"] != "C0SHOPDB" {
		t.Errorf("the app got %v", got)
	}
	b.get("/fragment/modal").want(t, 200, `id="modal"`, "Ask for access", "<b>Read</b> this", "<hr>", "<code>SELECT</code>",
		`<select name="cluster/v"`, `type="checkbox" name="databases/v" value="two"`, `type="checkbox" name="boxes/v"`,
		`type="radio" name="radio/v" value="right"`, `data-search="search/v"`, `<textarea name="why/v"`, "for the log", `id="modal-submit"`)
	if b.as = "U0KEN"; strings.Contains(b.get("/fragment/modal").body, "modal-submit") {
		t.Error("somebody else sees the modal")
	}
}

func TestASubmittedFormReachesTheApp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	view := b.open()
	got := b.post("/slack/submit", "view", view, "several", "databases/v boxes/v", "cluster/v", "billing",
		"databases/v", "one", "databases/v", "two", "radio/v", "right", "why/v", "because").want(t, 200)
	if b.app.last()["type"] != "view_submission" {
		t.Fatalf("the app got %v; the page shows %s", b.app.last()["type"], got.body)
	}
	for block, want := range map[string]string{"cluster": "billing", "databases": "one,two", "boxes": "", "radio": "right", "why": "because"} {
		if is := b.put(block); is != want {
			t.Errorf("%s: %q, want %q", block, is, want)
		}
	}
	if strings.Contains(got.body, "modal-submit") {
		t.Error("the modal is still open")
	}
}

func TestProblemsStandAtTheirFields(t *testing.T) {
	t.Parallel()
	b := setup(t)
	view := b.open()
	fields := []string{"view", view, "several", "databases/v", "cluster/v", "shop", "databases/v", "one", "why/v", "x"}
	b.app.next("", `{"response_action":"errors","errors":{"why":"Say <b>more</b>."}}`)
	got := b.post("/slack/submit", fields...).want(t, 200, "Say &lt;b&gt;more&lt;/b&gt;.")
	_, after, ok := strings.Cut(got.body, `data-block="why"`)
	if problem := `<p class="problem">Say &lt;b&gt;`; !ok || !strings.Contains(after, problem) || strings.Count(got.body, `class="problem"`) != 1 {
		t.Errorf("the problem is not at its field alone: %s", got.body)
	}
	if !strings.Contains(got.body, ">x</textarea>") || !strings.Contains(got.body, `value="shop" selected`) {
		t.Errorf("what was put in is gone: %s", got.body)
	}
}

func TestARequiredFieldIsAskedForBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	view := b.open()
	b.post("/slack/submit", "view", view, "several", "databases/v", "cluster/v", "shop").want(t, 200, "Please complete this required field.")
	if b.app.last()["type"] == "view_submission" {
		t.Error("an incomplete form was sent")
	}
}

func TestAChoiceWithDispatchIsToldTheApp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	view := b.open()
	b.post("/slack/act", "view", view, "key", "cluster/v", "value", "billing").want(t, http.StatusNoContent)
	if b.app.last()["type"] != "block_actions" || b.put("cluster") != "billing" {
		t.Errorf("the app got %v", b.app.last())
	}
	b.get("/fragment/modal").want(t, 200, `value="billing" selected`)
}

func TestWhatIsTypedIsSuggestedAndCanBeChosen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	view := b.open()
	b.app.next("", `{"options":[{"text":{"type":"plain_text","text":"Warehouse"},"value":"wh"}]}`)
	b.post("/slack/suggest", "view", view, "key", "search/v", "text", "ware").want(t, 200, `"Warehouse"`, `"wh"`)
	if b.app.last()["type"] != "block_suggestion" || b.app.last()["value"] != "ware" {
		t.Errorf("the app got %v", b.app.last())
	}
	b.post("/slack/act", "view", view, "key", "search/v", "value", "wh").want(t, http.StatusNoContent)
	b.get("/fragment/modal").want(t, 200, `value="wh" selected`)
}

func TestAButtonOfAMessageIsClickedByWhoeverIsThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.app.call("chat.postMessage", url.Values{"channel": {"C0SHOPDB"}, "text": {"x"}, "blocks": {`[{"type":"actions","elements":[
		{"type":"button","action_id":"powerpole.approve","value":"req-1","style":"primary","text":{"type":"plain_text","text":"Approve"}}]}]`}})
	b.as = "U0HANAKO"
	ts := regexp.MustCompile(`data-ts="([^"]+)"`).FindStringSubmatch(
		b.get("/fragment/slack?channel=C0SHOPDB").want(t, 200, `data-button="powerpole.approve"`, `data-value="req-1"`, "Approve").body)[1]
	b.post("/slack/click", "channel", "C0SHOPDB", "ts", ts, "action", "powerpole.approve", "value", "req-1").want(t, http.StatusNoContent)
	user, _ := b.app.last()["user"].(map[string]any)
	if b.app.last()["type"] != "block_actions" || user["id"] != "U0HANAKO" {
		t.Errorf("the app got %v", b.app.last())
	}
	b.as = "U0GUEST" // is not in the channel
	b.post("/slack/click", "channel", "C0SHOPDB", "ts", ts, "action", "powerpole.approve", "value", "req-1").want(t, http.StatusBadRequest)
	if got := b.get("/fragment/slack?channel=C0SHOPDB"); strings.Contains(got.body, "powerpole.approve") {
		t.Error("a guest sees a channel that they are not in")
	}
}

func TestWhatIsOnlyForOneIsShownToNobodyElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.app.call("chat.postEphemeral", url.Values{"channel": {"C0OPS"}, "user": {"U0TARO"}, "text": {"a quiet word"}})
	dm := regexp.MustCompile(`"id":"(D[^"]+)"`).FindStringSubmatch(b.app.call("conversations.open", url.Values{"users": {"U0TARO"}}))[1]
	b.app.call("chat.postMessage", url.Values{"channel": {dm}, "text": {"the credentials"}})
	b.get("/fragment/slack?channel=C0OPS").want(t, 200, "a quiet word", "only visible to you")
	b.get("/fragment/slack?channel=dm").want(t, 200, "the credentials")
	b.as = "U0KEN"
	for _, channel := range []string{"C0OPS", "dm", dm} {
		if got := b.get("/fragment/slack?channel=" + channel).body; strings.Contains(got, "a quiet word") || strings.Contains(got, "the credentials") {
			t.Errorf("ken reads in %s what is taro's", channel)
		}
	}
}

func TestAReasonThatIsAScriptIsShownAsText(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const reason = `<script>alert(1)</script><img src=x onerror=alert(1)>`
	for _, text := range []string{reason, strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(reason)} {
		b.app.call("chat.postMessage", url.Values{"channel": {"C0SHOPDB"}, "text": {text}})
		for _, kind := range []string{"mrkdwn", "plain_text"} {
			b.app.call("chat.postMessage", url.Values{
				"channel": {"C0SHOPDB"}, "text": {"x"},
				"blocks": {`[{"type":"section","text":{"type":"` + kind + `","text":"` + text + `"}},{"type":"context","elements":[{"type":"` + kind + `","text":"` + text + `"}]},
				{"type":"actions","elements":[{"type":"button","action_id":"a","value":"\"><script>","text":{"type":"plain_text","text":"` + text + `"}}]}]`},
			})
		}
	}
	got := b.get("/fragment/slack?channel=C0SHOPDB").want(t, 200, "&lt;script&gt;").body
	if strings.Contains(got, "<script") || strings.Contains(got, "<img") {
		t.Errorf("a reason became a tag: %s", got)
	}
}

func TestHomeIsOpenedAndShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.post("/slack/home").want(t, http.StatusNoContent)
	event, _ := b.app.last()["event"].(map[string]any)
	if event["type"] != "app_home_opened" || event["user"] != "U0TARO" {
		t.Fatalf("the app got %v", b.app.last())
	}
	b.app.call("views.publish", url.Values{"user_id": {"U0TARO"}, "view": {`{"type":"home","blocks":[{"type":"header","text":{"type":"plain_text","text":"Your requests"}}]}`}})
	b.get("/fragment/slack?channel=home").want(t, 200, "<h4>Your requests</h4>")
}

func TestAPersonIsBecomeOnlyIfTheyAreThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cookie := b.post("/person", "id", "U0KEN").want(t, http.StatusNoContent).header.Get("Set-Cookie")
	if !strings.Contains(cookie, "=U0KEN;") || !strings.Contains(cookie, "SameSite=Strict") || !strings.Contains(cookie, "HttpOnly") {
		t.Errorf("cookie %q", cookie)
	}
	for _, id := range []string{"U0LEFT", "U0DEPLOYBOT", "nobody", ""} {
		b.post("/person", "id", id).want(t, http.StatusBadRequest)
	}
}

func TestThatTheAppDoesNotAnswerIsSaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.open()
	b.app.next("", "not json")
	b.post("/slack/submit", "view", id, "several", "databases/v", "cluster/v", "shop", "databases/v", "one", "why/v", "x").
		want(t, http.StatusBadGateway, "PowerPole did not respond")
}
