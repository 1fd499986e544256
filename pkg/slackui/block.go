package slackui

import (
	"cmp"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/event"
)

// mrkdwn is a text of at most limit characters: a message with a longer one
// would be refused as a whole.
func mrkdwn(text string, limit int) *slack.TextBlockObject {
	if utf8.RuneCountInString(text) > limit {
		text = string([]rune(text)[:limit-1]) + ellipsis
	}
	return &slack.TextBlockObject{Type: slack.MarkdownType, Text: cmp.Or(text, " "), Verbatim: true}
}

func plain(text string, limit int) *slack.TextBlockObject {
	return &slack.TextBlockObject{Type: slack.PlainTextType, Text: Sanitize(text, limit)}
}

// Header is a heading in plain text.
func Header(text string) slack.Block { return slack.NewHeaderBlock(plain(text, MaxHeader)) }

// Section is a paragraph of mrkdwn. What people wrote in it must have gone
// through Text, Line, Quote, Code or CodeBlock. An address is no link unless
// Link made it one.
func Section(text string) slack.Block {
	return slack.NewSectionBlock(mrkdwn(text, MaxSection), nil, nil)
}

// Fields is a list of short mrkdwn texts in two columns, at most ten.
func Fields(texts ...string) slack.Block {
	fields := make([]*slack.TextBlockObject, 0, len(texts))
	for _, t := range texts[:min(len(texts), 10)] {
		fields = append(fields, mrkdwn(t, MaxField))
	}
	return slack.NewSectionBlock(nil, fields, nil)
}

// Context is a paragraph of small mrkdwn.
func Context(text string) slack.Block { return slack.NewContextBlock("", mrkdwn(text, MaxField)) }

// Divider is a line between blocks.
func Divider() slack.Block { return slack.NewDividerBlock() }

// Button is one button of an actions block.
type Button struct {
	Action event.Action
	Label  string
	Value  ButtonValue
	Style  slack.Style
	// Sure, where set, is asked before the click counts; Yes and No answer it.
	Sure, Yes, No string
}

// Actions is a row of buttons; nil where there is none.
func Actions(id string, buttons ...Button) []slack.Block {
	if len(buttons) == 0 {
		return nil
	}
	elements := make([]slack.BlockElement, 0, len(buttons))
	for _, b := range buttons {
		elements = append(elements, b.element())
	}
	return []slack.Block{slack.NewActionBlock(id, elements...)}
}

func (b Button) element() *slack.ButtonBlockElement {
	e := slack.NewButtonBlockElement(ActionID(b.Action), b.Value.Encode(), plain(b.Label, MaxButton))
	e.Style = b.Style
	if b.Sure != "" {
		e.Confirm = slack.NewConfirmationBlockObject(plain(b.Label, 100), plain(b.Sure, 300), plain(b.Yes, 30), plain(b.No, 30))
	}
	return e
}
