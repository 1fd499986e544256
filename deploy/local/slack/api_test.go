package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

func TestTokensAreChecked(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	for token, wanted := range map[string]string{
		"xoxb-wrong":             "invalid_auth",
		"":                       "not_authed",
		b.server.Tokens().App:    "not_allowed_token_type",
		b.server.Tokens().Bot:    "",
		b.server.Tokens().People: "invalid_auth",
	} {
		_, err := client(b.server, token).AuthTestContext(t.Context())
		want(t, err, wanted)
	}
}

func TestAuthTestNamesTheAppAndItsScopes(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{Enterprise: Enterprise{ID: "E1", Name: "Group"}})
	r := must[*slack.AuthTestResponse](t)(b.api.AuthTestContext(t.Context()))
	if r.TeamID != "T0NIMBUS" || r.UserID != botUser || r.BotID != botID || r.EnterpriseID != "E1" {
		t.Errorf("auth.test: %+v", r)
	}
	if got := r.Header.Get("X-OAuth-Scopes"); !strings.Contains(got, "chat:write") || strings.Contains(got, "im:history") {
		t.Errorf("X-OAuth-Scopes: %q", got)
	}
}

func TestUnknownMethodIsRefusedAsSlackRefusesIt(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	r := must[*http.Response](t)(b.server.Client().Post(b.server.APIURL()+"chat.sing", "application/json", strings.NewReader("{}")))
	body := must[[]byte](t)(io.ReadAll(r.Body))
	if r.StatusCode != 200 || strings.TrimSpace(string(body)) != `{"error":"unknown_method","ok":false}` {
		t.Errorf("%d %s", r.StatusCode, body)
	}
}

func TestRateLimitEndsAfterTheCallsItWasAskedFor(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	b.server.SetRateLimit("users.info", 2, 7*time.Second)
	b.server.SetStatus("users.info", 1, http.StatusServiceUnavailable)
	b.server.SetError("users.info", 1, "plan_upgrade_required")
	for range 2 {
		_, err := b.api.GetUserInfoContext(t.Context(), "U0TARO")
		if e, ok := errors.AsType[*slack.RateLimitedError](err); !ok || e.RetryAfter != 7*time.Second {
			t.Errorf("%v, want a rate limit of 7s", err)
		}
	}
	_, err := b.api.GetUserInfoContext(t.Context(), "U0TARO")
	if e, ok := errors.AsType[slack.StatusCodeError](err); !ok || e.Code != 503 {
		t.Errorf("%v, want 503", err)
	}
	_, err = b.api.GetUserInfoContext(t.Context(), "U0TARO")
	want(t, err, "plan_upgrade_required")
	_, err = b.api.GetUserInfoContext(t.Context(), "U0TARO")
	want(t, err, "")
}

func TestPostedMessageIsKeptWithItsMetadata(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	meta := slack.SlackMetadata{EventType: "powerpole_request", EventPayload: map[string]any{"request_id": "pp-1"}}
	channel, ts, err := b.api.PostMessageContext(t.Context(), "#db-shop", slack.MsgOptionText("hello", false), slack.MsgOptionMetadata(meta))
	if err != nil || channel != "C0SHOPDB" {
		t.Fatalf("posting: %q, %v", channel, err)
	}
	for _, all := range []bool{true, false} {
		r := must[*slack.GetConversationHistoryResponse](t)(b.api.GetConversationHistoryContext(t.Context(),
			&slack.GetConversationHistoryParameters{ChannelID: channel, IncludeAllMetadata: all}))
		if len(r.Messages) != 1 || r.Messages[0].Timestamp != ts || r.Messages[0].Text != "hello" || r.Messages[0].BotID != botID {
			t.Fatalf("history: %+v", r.Messages)
		}
		if got := r.Messages[0].Metadata.EventPayload["request_id"] == "pp-1"; got != all {
			t.Errorf("metadata with include_all_metadata %v: %v", all, got)
		}
	}
	link := must[string](t)(b.api.GetPermalinkContext(t.Context(), &slack.PermalinkParameters{Channel: channel, Ts: ts}))
	if link != "https://nimbus.slack.com/archives/C0SHOPDB/p"+strings.ReplaceAll(ts, ".", "") {
		t.Errorf("permalink: %s", link)
	}
}

func TestHistoryIsNewestFirstAndBounded(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	var stamps []string
	for i := range 5 {
		_, ts, err := b.api.PostMessageContext(t.Context(), "C0OPS", slack.MsgOptionText(fmt.Sprint(i), false))
		if err != nil {
			t.Fatal(err)
		}
		stamps = append(stamps, ts)
	}
	texts := func(p slack.GetConversationHistoryParameters) (all string, more *slack.GetConversationHistoryResponse) {
		p.ChannelID = "C0OPS"
		r := must[*slack.GetConversationHistoryResponse](t)(b.api.GetConversationHistoryContext(t.Context(), &p))
		for _, m := range r.Messages {
			all += m.Text
		}
		return all, r
	}
	for _, c := range []struct {
		p      slack.GetConversationHistoryParameters
		wanted string
	}{
		{slack.GetConversationHistoryParameters{}, "43210"},
		{slack.GetConversationHistoryParameters{Oldest: stamps[1]}, "432"},
		{slack.GetConversationHistoryParameters{Oldest: stamps[1], Inclusive: true}, "4321"},
		{slack.GetConversationHistoryParameters{Latest: stamps[3]}, "210"},
		{slack.GetConversationHistoryParameters{Latest: stamps[3], Oldest: stamps[3], Inclusive: true}, "3"},
	} {
		if got, _ := texts(c.p); got != c.wanted {
			t.Errorf("%+v: %q, want %q", c.p, got, c.wanted)
		}
	}
	first, r := texts(slack.GetConversationHistoryParameters{Limit: 3})
	second, last := texts(slack.GetConversationHistoryParameters{Limit: 3, Cursor: r.ResponseMetaData.NextCursor})
	if first != "432" || second != "10" || !r.HasMore || last.HasMore {
		t.Errorf("pages: %q, %q", first, second)
	}
}

func TestThreadIsReadByReplies(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	_, root, err := b.api.PostMessageContext(t.Context(), "C0OPS", slack.MsgOptionText("root", false))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.api.PostMessageContext(t.Context(), "C0OPS", slack.MsgOptionText("reply", false), slack.MsgOptionTS(root)); err != nil {
		t.Fatal(err)
	}
	all, _, _, err := b.api.GetConversationRepliesContext(t.Context(), &slack.GetConversationRepliesParameters{ChannelID: "C0OPS", Timestamp: root})
	if err != nil || len(all) != 2 || all[1].Text != "reply" || all[1].ThreadTimestamp != root {
		t.Errorf("replies: %+v, %v", all, err)
	}
	r := must[*slack.GetConversationHistoryResponse](t)(b.api.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: "C0OPS"}))
	if len(r.Messages) != 1 {
		t.Errorf("the channel itself shows %d messages, want 1", len(r.Messages))
	}
}

func TestDirectMessagesCannotBeReadBackWithoutTheScope(t *testing.T) {
	t.Parallel()
	scopes := append(DefaultScopes(), "im:history")
	for _, c := range []struct {
		scopes []string
		wanted string
	}{{nil, "missing_scope"}, {scopes, ""}} {
		b := setup(t, Options{Scopes: c.scopes})
		channel, _, err := b.api.PostMessageContext(t.Context(), "U0TARO", slack.MsgOptionText("your password", false))
		if err != nil || channel == "" || channel[0] != 'D' {
			t.Fatalf("posting to a user: %q, %v", channel, err)
		}
		_, err = b.api.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: channel})
		want(t, err, c.wanted)
		if seen := b.server.Messages("U0TARO", b.server.DirectMessage("U0TARO")); len(seen) != 1 || seen[0].Text != "your password" {
			t.Errorf("taro sees %+v", seen)
		}
		if seen := b.server.Messages("U0KEN", channel); len(seen) != 0 {
			t.Errorf("somebody else sees %+v", seen)
		}
	}
}

func TestUpdateChangesWhatIsGivenAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	block := slack.NewSectionBlock(plain("block"), nil, nil)
	meta := slack.SlackMetadata{EventType: "e", EventPayload: map[string]any{"a": "b"}}
	channel, ts, err := b.api.PostMessageContext(t.Context(), "C0OPS", slack.MsgOptionText("old", false), slack.MsgOptionBlocks(block), slack.MsgOptionMetadata(meta))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := b.api.UpdateMessageContext(t.Context(), channel, ts, slack.MsgOptionText("new", false)); err != nil {
		t.Fatal(err)
	}
	m := b.server.Messages("U0TARO", "C0OPS")[0]
	if m.Text != "new" || m.Blocks == nil || m.Metadata == nil || m.EditedTS <= m.TS {
		t.Errorf("after an update of the text: %+v", m)
	}
	if _, _, _, err := b.api.UpdateMessageContext(t.Context(), channel, ts, slack.MsgOptionText("bare", false), slack.MsgOptionBlocks([]slack.Block{}...)); err != nil {
		t.Fatal(err)
	}
	if m := b.server.Messages("U0TARO", "C0OPS")[0]; m.Text != "bare" {
		t.Errorf("after an update without blocks: %+v", m)
	}
	if _, _, err := b.api.DeleteMessageContext(t.Context(), channel, ts); err != nil {
		t.Fatal(err)
	}
	_, _, _, err = b.api.UpdateMessageContext(t.Context(), channel, ts, slack.MsgOptionText("late", false))
	want(t, err, "message_not_found")
}

func TestErrorsOfMessages(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	theirs := must[string](t)(b.server.Say("U0TARO", "C0OPS", "mine"))
	text := slack.MsgOptionText("x", false)
	post := func(channel string, options ...slack.MsgOption) error {
		_, _, err := b.api.PostMessageContext(t.Context(), channel, options...)
		return err
	}
	want(t, post("C0NOWHERE", text), "channel_not_found")
	want(t, post("C0GENERAL", text), "not_in_channel")
	want(t, post("U0LEFT", text), "channel_not_found")
	want(t, post("C0OPS", slack.MsgOptionText("", false)), "no_text")
	want(t, post("C0OPS", slack.MsgOptionText(strings.Repeat("あ", 40_000), false)), "")
	want(t, post("C0OPS", slack.MsgOptionText(strings.Repeat("あ", 40_001), false)), "msg_too_long")
	_, _, _, err := b.api.UpdateMessageContext(t.Context(), "C0OPS", theirs, text)
	want(t, err, "cant_update_message")
	_, _, err = b.api.DeleteMessageContext(t.Context(), "C0OPS", theirs)
	want(t, err, "cant_delete_message")
	_, _, _, err = b.api.UpdateMessageContext(t.Context(), "C0OPS", "1.000000", text)
	want(t, err, "message_not_found")
	_, err = b.api.PostEphemeralContext(t.Context(), "C0SHOPDB", "U0GUEST", text)
	want(t, err, "user_not_in_channel")
	_, err = b.api.GetPermalinkContext(t.Context(), &slack.PermalinkParameters{Channel: "C0OPS", Ts: "1.000000"})
	want(t, err, "message_not_found")
}

func TestEphemeralMessageIsSeenByOnePerson(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	ts := must[string](t)(b.api.PostEphemeralContext(t.Context(), "C0OPS", "U0KEN", slack.MsgOptionText("psst", false)))
	if seen := b.server.Messages("U0KEN", "C0OPS"); len(seen) != 1 || seen[0].TS != ts || seen[0].EphemeralTo != "U0KEN" {
		t.Errorf("ken sees %+v", seen)
	}
	if seen := b.server.Messages("U0TARO", "C0OPS"); len(seen) != 0 {
		t.Errorf("taro sees %+v", seen)
	}
	r := must[*slack.GetConversationHistoryResponse](t)(b.api.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: "C0OPS"}))
	if len(r.Messages) != 0 {
		t.Errorf("history shows it: %+v", r.Messages)
	}
	_, _, _, err := b.api.UpdateMessageContext(t.Context(), "C0OPS", ts, slack.MsgOptionText("x", false))
	want(t, err, "message_not_found")
}

func TestTimestampsAreUniqueAndIncreaseUnderConcurrency(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 25 {
				if _, _, err := b.api.PostMessageContext(t.Context(), "C0OPS", slack.MsgOptionText("x", false)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	seen := b.server.Messages("U0TARO", "C0OPS")
	for i := 1; i < len(seen); i++ {
		if seen[i-1].TS >= seen[i].TS {
			t.Fatalf("%s is not before %s", seen[i-1].TS, seen[i].TS)
		}
	}
	if len(seen) != 200 {
		t.Errorf("%d messages, want 200", len(seen))
	}
}

func TestConversations(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	open := func(user string) (*slack.Channel, bool, error) {
		c, _, already, err := b.api.OpenConversationContext(t.Context(), &slack.OpenConversationParameters{Users: []string{user}, ReturnIM: true})
		return c, already, err
	}
	first, already, err := open("U0TARO")
	if err != nil || already || !first.IsIM || first.User != "U0TARO" {
		t.Errorf("open: %+v, %v, %v", first, already, err)
	}
	if again, already, err := open("U0TARO"); err != nil || !already || again.ID != first.ID {
		t.Errorf("open again: %+v, %v, %v", again, already, err)
	}
	for user, wanted := range map[string]string{"U0NOBODY": "user_not_found", "U0LEFT": "user_disabled", "U0DEPLOYBOT": "cannot_dm_bot"} {
		_, _, err := open(user)
		want(t, err, wanted)
	}
	info := must[*slack.Channel](t)(b.api.GetConversationInfoContext(t.Context(), &slack.GetConversationInfoInput{ChannelID: "C0BILLINGDB"}))
	if info.Name != "db-billing" || !info.IsPrivate || !info.IsMember {
		t.Errorf("info: %+v", info)
	}
	_, err = b.api.GetConversationInfoContext(t.Context(), &slack.GetConversationInfoInput{ChannelID: "C0NOWHERE"})
	want(t, err, "channel_not_found")
	members, _, err := b.api.GetUsersInConversationContext(t.Context(), &slack.GetUsersInConversationParameters{ChannelID: "C0BILLINGDB"})
	if err != nil || fmt.Sprint(members) != "[U0HANAKO U0KEN U0EMMA U0OLIVER "+botUser+"]" {
		t.Errorf("members: %v, %v", members, err)
	}
	_, err = b.api.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: "C0GENERAL"})
	want(t, err, "not_in_channel")
}

func TestPeopleAreFoundByIdAndEmail(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{Enterprise: Enterprise{ID: "E1", Name: "Group"}})
	u := must[*slack.User](t)(b.api.GetUserInfoContext(t.Context(), "U0TARO"))
	if u.Name != "taro.yamada" || u.Profile.Email != "taro.yamada@nimbus.example" || u.TZ != "Asia/Tokyo" || u.TZOffset != 9*3600 || u.Locale != "ja-JP" || u.Enterprise.EnterpriseID != "E1" {
		t.Errorf("taro: %+v", u)
	}
	found := must[*slack.User](t)(b.api.GetUserByEmailContext(t.Context(), "Hanako.Sato@nimbus.example"))
	if found.ID != "U0HANAKO" {
		t.Errorf("by e-mail: %+v", found)
	}
	for _, email := range []string{"nobody@nimbus.example", "yuki.mori@nimbus.example", ""} {
		_, err := b.api.GetUserByEmailContext(t.Context(), email)
		want(t, err, "users_not_found")
	}
	_, err := b.api.GetUserInfoContext(t.Context(), "U0NOBODY")
	want(t, err, "user_not_found")
	all := must[[]slack.User](t)(b.api.GetUsersContext(t.Context(), slack.GetUsersOptionLimit(3)))
	if len(all) != len(DefaultUsers(""))+1 {
		t.Errorf("%d users", len(all))
	}
	for _, u := range all {
		if got := u.IsBot || u.IsRestricted || u.IsStranger || u.Deleted; got != (u.ID == botUser || u.ID == "U0GUEST" || u.ID == "U0STRANGER" || u.ID == "U0LEFT" || u.ID == "U0DEPLOYBOT") {
			t.Errorf("%s: nobody is %v", u.ID, got)
		}
	}
	if p := must[*slack.UserProfile](t)(b.api.GetUserProfileContext(t.Context(), &slack.GetUserProfileParameters{UserID: "U0KEN"})); p.RealName != "Ken Suzuki" {
		t.Errorf("profile: %+v", p)
	}
}

func TestEmailIsHiddenWithoutItsScope(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{Scopes: []string{"users:read"}})
	if u := must[*slack.User](t)(b.api.GetUserInfoContext(t.Context(), "U0TARO")); u.Profile.Email != "" {
		t.Errorf("e-mail: %q", u.Profile.Email)
	}
	_, err := b.api.GetUserByEmailContext(t.Context(), "taro.yamada@nimbus.example")
	want(t, err, "missing_scope")
}

func TestUserGroups(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	groups := must[[]slack.UserGroup](t)(b.api.GetUserGroupsContext(t.Context(), slack.GetUserGroupsOptionIncludeUsers(true)))
	if len(groups) != 2 || groups[0].Handle != "dba" || len(groups[0].Users) != 2 {
		t.Errorf("groups: %+v", groups)
	}
	b.server.SetUserGroup(UserGroup{ID: "S0DBA", Handle: "dba", Users: []string{"U0EMMA"}})
	if users := must[[]string](t)(b.api.GetUserGroupMembersContext(t.Context(), "S0DBA")); fmt.Sprint(users) != "[U0EMMA]" {
		t.Errorf("members: %v", users)
	}
	_, err := b.api.GetUserGroupMembersContext(t.Context(), "S0NONE")
	want(t, err, "no_such_subteam")
}

func TestBlockKitLimits(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("字", n) }
	text := func(n int) object { return object{"type": "plain_text", "text": long(n)} }
	section := func(n int) object {
		return object{"type": "section", "text": object{"type": "mrkdwn", "text": long(n)}}
	}
	button := func(label, value, id int) object {
		return object{"type": "button", "text": text(label), "value": long(value), "action_id": long(id)}
	}
	actions := func(elements ...any) object { return object{"type": "actions", "elements": elements} }
	several := func(n int, one func(i int) any) []any {
		all := make([]any, n)
		for i := range all {
			all[i] = one(i)
		}
		return all
	}
	option := func(label, value int) object { return object{"text": text(label), "value": long(value)} }
	choose := func(n int) object {
		return object{"type": "static_select", "action_id": "a", "options": several(n, func(i int) any {
			return object{"text": text(1), "value": fmt.Sprint(i)}
		})}
	}
	confirmed := func(n int) object {
		b := button(1, 1, 1)
		b["confirm"] = object{"title": text(1), "text": text(n), "confirm": text(1), "deny": text(1)}
		return b
	}
	fields := func(n, length int) object {
		return object{"type": "section", "fields": several(n, func(int) any { return text(length) })}
	}
	for _, c := range []struct {
		name      string
		good, bad object
	}{
		{"section of 3,000 characters", section(3000), section(3001)},
		{"section that says something", section(1), section(0)},
		{"10 fields", fields(10, 1), fields(11, 1)},
		{"fields of 2,000 characters", fields(1, 2000), fields(1, 2001)},
		{"header of 150 characters", object{"type": "header", "text": text(150)}, object{"type": "header", "text": text(151)}},
		{"button text of 75 characters", actions(button(75, 1, 1)), actions(button(76, 1, 1))},
		{"button value of 2,000 characters", actions(button(1, 2000, 1)), actions(button(1, 2001, 1))},
		{"action id of 255 characters", actions(button(1, 1, 255)), actions(button(1, 1, 256))},
		{
			"25 actions",
			actions(several(25, func(i int) any { return button(1, 1, i+1) })...),
			actions(several(26, func(i int) any { return button(1, 1, i+1) })...),
		},
		{"action ids that differ", actions(button(1, 1, 1), button(1, 1, 2)), actions(button(1, 1, 1), button(1, 1, 1))},
		{"confirm text of 300 characters", actions(confirmed(300)), actions(confirmed(301))},
		{"100 options", actions(choose(100)), actions(choose(101))},
		{
			"option text of 75 characters",
			actions(object{"type": "static_select", "options": []any{option(75, 1)}}),
			actions(object{"type": "static_select", "options": []any{option(76, 1)}}),
		},
		{
			"option value of 150 characters",
			actions(object{"type": "static_select", "options": []any{option(1, 150)}}),
			actions(object{"type": "static_select", "options": []any{option(1, 151)}}),
		},
		{"known block types", object{"type": "divider"}, object{"type": "dividing"}},
		{"known element types", actions(object{"type": "users_select"}), actions(object{"type": "user_chooser"})},
		{"input only in views", section(1), object{"type": "input", "label": text(1), "element": object{"type": "plain_text_input"}}},
		{"block id of 255 characters", object{"type": "divider", "block_id": long(255)}, object{"type": "divider", "block_id": long(256)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for block, wanted := range map[*object]bool{&c.good: true, &c.bad: false} {
				raw := must[[]byte](t)(json.Marshal([]any{*block}))
				if _, err := readBlocks(raw, inMessage); (err == nil) != wanted {
					t.Errorf("accepted %v, want %v: %v", err == nil, wanted, err)
				}
			}
		})
	}
}

func TestInvalidBlocksAreRefusedWithThePlace(t *testing.T) {
	t.Parallel()
	b := setup(t, Options{})
	blocks := make([]slack.Block, 51)
	for i := range blocks {
		blocks[i] = slack.NewDividerBlock()
	}
	post := func(blocks ...slack.Block) error {
		_, _, err := b.api.PostMessageContext(t.Context(), "C0OPS", slack.MsgOptionBlocks(blocks...))
		return err
	}
	want(t, post(blocks[:50]...), "")
	want(t, post(blocks...), "invalid_blocks")
	err := post(slack.NewHeaderBlock(plain(strings.Repeat("x", 151))))
	e, _ := errors.AsType[slack.SlackErrorResponse](err)
	if fmt.Sprint(e.ResponseMetadata.Messages) != "[must be less than 151 characters [json-pointer:/blocks/0/text/text]]" {
		t.Errorf("messages: %v", e.ResponseMetadata.Messages)
	}
}
