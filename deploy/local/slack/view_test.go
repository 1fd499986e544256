package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"
)

func TestTriggerOpensOneModalWithinThreeSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Options{})
		late, used := b.trigger(t), b.trigger(t)
		if _, err := b.api.OpenViewContext(t.Context(), used, modal("Ask")); err != nil {
			t.Fatal(err)
		}
		_, err := b.api.OpenViewContext(t.Context(), used, modal("Ask"))
		want(t, err, "exchanged_trigger_id")
		time.Sleep(triggerLife + time.Millisecond)
		_, err = b.api.OpenViewContext(t.Context(), late, modal("Ask"))
		want(t, err, "expired_trigger_id")
		_, err = b.api.OpenViewContext(t.Context(), "made.up", modal("Ask"))
		want(t, err, "invalid_trigger_id")
	})
}

func TestOpenedModalIsSeenByItsPersonOnly(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	id := b.opened(t)
	var view slack.View
	if err := json.Unmarshal(b.server.OpenView("U0TARO"), &view); err != nil || view.ID != id || view.Title.Text != "Ask" || view.PrivateMetadata != "pp-1" {
		t.Errorf("taro sees %+v, %v", view, err)
	}
	if other := b.server.OpenView("U0KEN"); other != nil {
		t.Errorf("ken sees %s", other)
	}
}

func TestViewLimits(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	for _, c := range []struct {
		name   string
		change func(*slack.ModalViewRequest)
		wanted string
	}{
		{"title of 24", func(m *slack.ModalViewRequest) { m.Title = plain(strings.Repeat("x", 24)) }, ""},
		{"title of 25", func(m *slack.ModalViewRequest) { m.Title = plain(strings.Repeat("x", 25)) }, "invalid_arguments"},
		{"metadata of 3000", func(m *slack.ModalViewRequest) { m.PrivateMetadata = strings.Repeat("x", 3000) }, ""},
		{"metadata of 3001", func(m *slack.ModalViewRequest) { m.PrivateMetadata = strings.Repeat("x", 3001) }, "invalid_arguments"},
		{"callback of 256", func(m *slack.ModalViewRequest) { m.CallbackID = strings.Repeat("x", 256) }, "invalid_arguments"},
		{"inputs without submit", func(m *slack.ModalViewRequest) { m.Submit = nil }, "invalid_arguments"},
		{"home as a modal", func(m *slack.ModalViewRequest) { m.Type = slack.VTHomeTab }, "invalid_arguments"},
		{"100 blocks", func(m *slack.ModalViewRequest) { m.Blocks.BlockSet = dividers(100) }, ""},
		{"101 blocks", func(m *slack.ModalViewRequest) { m.Blocks.BlockSet = dividers(101) }, "invalid_arguments"},
	} {
		m := modal("Ask")
		c.change(&m)
		_, err := b.api.OpenViewContext(t.Context(), b.trigger(t), m)
		if got := code(t, err); got != c.wanted {
			t.Errorf("%s: %q, want %q", c.name, got, c.wanted)
		}
	}
}

func dividers(n int) []slack.Block {
	all := make([]slack.Block, n)
	for i := range all {
		all[i] = slack.NewDividerBlock()
	}
	return all
}

func TestUpdateNeedsTheLatestHashAndKeepsWhatWasPutIn(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	first := must[*slack.ViewResponse](t)(b.api.OpenViewContext(t.Context(), b.trigger(t), modal("Ask")))
	if err := b.server.ActInView(t.Context(), "U0TARO", first.ID, "role", "DML"); err != nil {
		t.Fatal(err)
	}
	second := must[*slack.ViewResponse](t)(b.api.UpdateViewContext(t.Context(), modal("Changed"), "", first.Hash, first.ID))
	if got := second.State.Values["role_block"]["role"].SelectedOption.Value; got != "DML" || second.Title.Text != "Changed" {
		t.Errorf("after the update: role %q, title %q", got, second.Title.Text)
	}
	_, err := b.api.UpdateViewContext(t.Context(), modal("Late"), "", first.Hash, first.ID)
	want(t, err, "hash_conflict")
	_, err = b.api.UpdateViewContext(t.Context(), modal("Gone"), "", "", "V0GONE")
	want(t, err, "not_found")
}

func TestExternalIDFindsTheViewAndIsUnique(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	m := modal("Ask")
	m.ExternalID = "pp-1"
	if _, err := b.api.OpenViewContext(t.Context(), b.trigger(t), m); err != nil {
		t.Fatal(err)
	}
	if _, err := b.api.UpdateViewContext(t.Context(), m, "pp-1", "", ""); err != nil {
		t.Error(err)
	}
	_, err := b.api.OpenViewContext(t.Context(), b.trigger(t), m)
	want(t, err, "duplicate_external_id")
}

func TestModalsStackThreeHigh(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	root := b.opened(t)
	for depth := 2; depth <= 4; depth++ {
		b.app.answers(200, `{"response_action":"errors","errors":{"reason_block":"no"}}`)
		var top slack.View
		if err := json.Unmarshal(b.server.OpenView("U0TARO"), &top); err != nil {
			t.Fatal(err)
		}
		if _, err := b.server.SubmitView(t.Context(), "U0TARO", top.ID, map[string]any{"role": "READ", "reason": "x"}); err != nil {
			t.Fatal(err)
		}
		r, err := b.api.PushViewContext(t.Context(), b.app.last().payload.TriggerID, modal(fmt.Sprint("Level ", depth)))
		if depth == 4 {
			want(t, err, "push_limit_reached")
			break
		}
		if err != nil || r.RootViewID != root || r.PreviousViewID != top.ID {
			t.Errorf("level %d: root %q, previous %q, %v", depth, r.RootViewID, r.PreviousViewID, err)
		}
	}
	b.app.answers(200, "")
	_, err := b.api.PushViewContext(t.Context(), b.trigger(t), modal("From nowhere"))
	want(t, err, "not_found")
}

func TestHomeTabIsPublishedAndReplaced(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	if err := b.server.OpenHome(t.Context(), "U0TARO"); err != nil {
		t.Fatal(err)
	}
	var opened struct {
		Type  string
		Team  string `json:"team_id"`
		Event struct{ Type, User, Tab, Channel string }
	}
	if err := json.Unmarshal(b.app.last().raw, &opened); err != nil || opened.Event.Type != "app_home_opened" || opened.Event.User != "U0TARO" || opened.Event.Tab != "home" || opened.Team != "T0NIMBUS" {
		t.Errorf("event: %+v, %v", opened, err)
	}
	publish := func(hash *string) (*slack.ViewResponse, error) {
		return b.api.PublishViewContext(t.Context(), slack.PublishViewContextRequest{
			UserID: "U0TARO", Hash: hash,
			View: slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: dividers(1)}},
		})
	}
	first := must[*slack.ViewResponse](t)(publish(nil))
	second := must[*slack.ViewResponse](t)(publish(&first.Hash))
	if first.ID != second.ID || b.server.HomeView("U0TARO") == nil || b.server.HomeView("U0KEN") != nil {
		t.Errorf("home: %q and %q", first.ID, second.ID)
	}
	_, err := publish(&first.Hash)
	want(t, err, "hash_conflict")
	_, err = b.api.PublishViewContext(t.Context(), slack.PublishViewContextRequest{UserID: "U0NOBODY", View: slack.HomeTabViewRequest{Type: slack.VTHomeTab}})
	want(t, err, "user_not_found")
}

func TestSubmissionCarriesEverythingSlackSends(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{Enterprise: Enterprise{ID: "E1", Name: "Group"}})
	id := b.opened(t)
	answer, err := b.server.SubmitView(t.Context(), "U0TARO", id, map[string]any{"role": "READ", "reason_block/reason": "look"})
	if err != nil || answer.Action != "" || answer.View != nil || b.server.OpenView("U0TARO") != nil {
		t.Errorf("after an empty answer: %+v, %v", answer, err)
	}
	p := b.app.last().payload
	if p.Type != slack.InteractionTypeViewSubmission || p.User.ID != "U0TARO" || p.User.TeamID != "T0NIMBUS" || p.User.Name != "taro.yamada" ||
		p.Team.ID != "T0NIMBUS" || p.Team.Domain != "nimbus" || p.Enterprise.ID != "E1" || p.APIAppID != appID || p.TriggerID == "" {
		t.Errorf("payload: %+v", p)
	}
	v := p.View
	if v.ID != id || v.CallbackID != "request" || v.PrivateMetadata != "pp-1" || v.Hash == "" ||
		v.State.Values["role_block"]["role"].SelectedOption.Value != "READ" || v.State.Values["reason_block"]["reason"].Value != "look" {
		t.Errorf("view: %+v, state %+v", v, v.State)
	}
}

func TestAnswersToASubmission(t *testing.T) {
	t.Parallel()
	next := string(must[[]byte](t)(json.Marshal(modal("Next"))))
	for _, c := range []struct {
		body, action, title string
		open                bool
	}{
		{"", "", "", false},
		{"{}", "", "", false},
		{`{"response_action":"clear"}`, "clear", "", false},
		{`{"response_action":"errors","errors":{"reason_block":"too vague"}}`, "errors", "Ask", true},
		{`{"response_action":"update","view":` + next + `}`, "update", "Next", true},
		{`{"response_action":"push","view":` + next + `}`, "push", "Next", true},
	} {
		b := setup(t, Options{})
		id := b.opened(t)
		b.app.answers(200, c.body)
		answer, err := b.server.SubmitView(t.Context(), "U0TARO", id, map[string]any{"role": "READ", "reason": "x"})
		if err != nil || answer.Action != c.action || (answer.View != nil) != c.open {
			t.Errorf("%s: %+v, %v", c.body, answer, err)
		}
		if c.open {
			var v slack.View
			if err := json.Unmarshal(answer.View, &v); err != nil || v.Title.Text != c.title || (v.ID == id) == (c.action == "push") {
				t.Errorf("%s: view %q with title %q", c.body, v.ID, v.Title.Text)
			}
		}
		if c.action == "errors" && answer.Errors["reason_block"] != "too vague" {
			t.Errorf("errors: %v", answer.Errors)
		}
	}
}

func TestErrorsReachWhoHasClosedTheModalMeanwhile(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	quiet := modal("Quiet")
	quiet.NotifyOnClose = false
	id := must[*slack.ViewResponse](t)(b.api.OpenViewContext(t.Context(), b.trigger(t), quiet)).ID
	b.app.answer = func(received) (int, string) {
		if err := b.server.CloseView(t.Context(), "U0TARO", id); err != nil {
			t.Error(err)
		}
		return 200, `{"response_action":"errors","errors":{"reason_block":"too vague"}}`
	}
	answer, err := b.server.SubmitView(t.Context(), "U0TARO", id, map[string]any{"role": "READ", "reason": "x"})
	if err != nil || answer.Errors["reason_block"] != "too vague" || answer.View != nil {
		t.Errorf("answer %+v, %v", answer, err)
	}
}

func TestModalStaysOpenWhenTheAppDoesNotAnswerWell(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct {
		status int
		body   string
	}{
		"server error":                 {500, ""},
		"not JSON":                     {200, "ok"},
		"errors on no input":           {200, `{"response_action":"errors","errors":{"cluster_block":"x"}}`},
		"an unknown action":            {200, `{"response_action":"explode"}`},
		"a view that is too long":      {200, `{"response_action":"update","view":{"type":"modal","title":{"type":"plain_text","text":"a title that is far too long"}}}`},
		"a signature that it dislikes": {401, ""},
	} {
		b := setup(t, Options{})
		id := b.opened(t)
		b.app.answers(answer.status, answer.body)
		_, err := b.server.SubmitView(t.Context(), "U0TARO", id, map[string]any{"role": "READ", "reason": "x"})
		e, ok := errors.AsType[*DeliveryError](err)
		if !ok || answer.status != 200 && e.Status != answer.status {
			t.Errorf("%s: %v", name, err)
		}
		if b.server.OpenView("U0TARO") == nil {
			t.Errorf("%s: the modal has closed", name)
		}
	}
}

func TestClientRefusesWhatTheSlackClientRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	id := b.opened(t)
	before := b.app.count()
	for _, c := range []struct {
		values map[string]any
		block  string
	}{
		{map[string]any{"role": "READ"}, "reason_block"},
		{map[string]any{"reason": strings.Repeat("x", 21)}, "reason_block"},
		{map[string]any{"reason": ""}, "reason_block"},
	} {
		answer, err := b.server.SubmitView(t.Context(), "U0TARO", id, c.values)
		if err != nil || answer.Errors[c.block] == "" {
			t.Errorf("%v: %+v, %v", c.values, answer, err)
		}
	}
	for _, values := range []map[string]any{{"role": "ROOT"}, {"nothing": "x"}, {"role": []string{"READ", "DML"}}, {"cluster": "not-suggested"}} {
		if _, err := b.server.SubmitView(t.Context(), "U0TARO", id, values); err == nil {
			t.Errorf("%v was accepted", values)
		}
	}
	if _, err := b.server.SubmitView(t.Context(), "U0KEN", id, nil); err == nil {
		t.Error("somebody else submitted it")
	}
	if b.app.count() != before {
		t.Error("the app was told")
	}
}

func TestSuggestionsCanBeChosen(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	id := b.opened(t)
	b.app.answers(200, `{"options":[{"text":{"type":"plain_text","text":"Shop"},"value":"shop"}]}`)
	options, err := b.server.Suggest(t.Context(), "U0TARO", id, "cluster", "sh")
	if err != nil || len(options) != 1 || options[0] != (Option{"Shop", "shop"}) {
		t.Fatalf("suggestions: %v, %v", options, err)
	}
	if got := b.app.last(); got.path != "/options" || got.payload.Type != slack.InteractionTypeBlockSuggestion || got.payload.Value != "sh" ||
		got.payload.ActionID != "cluster" || got.payload.BlockID != "cluster_block" || got.payload.View.ID != id {
		t.Errorf("asked: %s %+v", got.path, got.payload)
	}
	// A select outside an input block tells the app at once.
	b.app.answers(200, "")
	if err := b.server.ActInView(t.Context(), "U0TARO", id, "cluster", "shop"); err != nil {
		t.Fatal(err)
	}
	p := b.app.last().payload
	if p.Type != slack.InteractionTypeBlockActions || p.Container.Type != "view" || p.Container.ViewID != id ||
		p.ActionCallback.BlockActions[0].SelectedOption.Value != "shop" || p.View.State.Values["cluster_block"]["cluster"].SelectedOption.Value != "shop" || p.TriggerID == "" {
		t.Errorf("chose: %+v", p)
	}
	b.app.answers(200, `{"options":[{"text":{"type":"plain_text","text":""},"value":"shop"}]}`)
	if _, err := b.server.Suggest(t.Context(), "U0TARO", id, "cluster", "sh"); err == nil {
		t.Error("an option without text was accepted")
	}
}

func TestInputTellsTheAppOnlyIfItAsksForIt(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	m := modal("Ask")
	m.Blocks.BlockSet[1].(*slack.InputBlock).DispatchAction = true
	view := must[*slack.ViewResponse](t)(b.api.OpenViewContext(t.Context(), b.trigger(t), m))
	before := b.app.count()
	if err := b.server.ActInView(t.Context(), "U0TARO", view.ID, "reason", "typed"); err != nil || b.app.count() != before {
		t.Errorf("without dispatch_action: %d more, %v", b.app.count()-before, err)
	}
	if err := b.server.ActInView(t.Context(), "U0TARO", view.ID, "role", "DML"); err != nil || b.app.count() != before+1 {
		t.Errorf("with dispatch_action: %d more, %v", b.app.count()-before, err)
	}
	if got := b.app.last().payload.View.State.Values["reason_block"]["reason"].Value; got != "typed" {
		t.Errorf("what was typed: %q", got)
	}
}

func TestClosingTellsTheAppWhereTheViewAsksForIt(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	id := b.opened(t)
	if err := b.server.CloseView(t.Context(), "U0TARO", id); err != nil || b.server.OpenView("U0TARO") != nil {
		t.Fatal(err)
	}
	if p := b.app.last().payload; p.Type != slack.InteractionTypeViewClosed || p.View.ID != id || p.IsCleared {
		t.Errorf("payload: %+v", p)
	}
	quiet := modal("Quiet")
	quiet.NotifyOnClose = false
	view := must[*slack.ViewResponse](t)(b.api.OpenViewContext(t.Context(), b.trigger(t), quiet))
	before := b.app.count()
	if err := b.server.CloseView(t.Context(), "U0TARO", view.ID); err != nil || b.app.count() != before {
		t.Errorf("a quiet view told the app: %v", err)
	}
}
