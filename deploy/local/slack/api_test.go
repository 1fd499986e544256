package slack

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
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
