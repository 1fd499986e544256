package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

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
