package slack

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/slack-go/slack"
)

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
