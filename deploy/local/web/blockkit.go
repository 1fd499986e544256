package web

import (
	"cmp"
	"encoding/json"
	"fmt"
)

// The part of Block Kit that is shown
// (https://docs.slack.dev/reference/block-kit). What is unknown stays unread and
// is shown as such.

// kitText is a text object, or in a context block the string of one.
type kitText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *kitText) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &t.Text)
	}
	type plain kitText
	return json.Unmarshal(b, (*plain)(t))
}

type kitOption struct {
	Text        kitText `json:"text"`
	Value       string  `json:"value"`
	Description kitText `json:"description"`
}

type kitConfirm struct {
	Title kitText `json:"title"`
	Text  kitText `json:"text"`
}

type kitElement struct {
	Type        string      `json:"type"`
	ActionID    string      `json:"action_id"`
	Text        kitText     `json:"text"`
	Value       string      `json:"value"`
	URL         string      `json:"url"`
	Style       string      `json:"style"`
	Confirm     *kitConfirm `json:"confirm"`
	Placeholder kitText     `json:"placeholder"`
	Multiline   bool        `json:"multiline"`
	MaxLength   int         `json:"max_length"`
	MinQuery    *int        `json:"min_query_length"`
	Options     []kitOption `json:"options"`
	Groups      []struct {
		Options []kitOption `json:"options"`
	} `json:"option_groups"`
	AltText string `json:"alt_text"`
}

type kitBlock struct {
	Type      string       `json:"type"`
	BlockID   string       `json:"block_id"`
	Text      *kitText     `json:"text"`
	Fields    []kitText    `json:"fields"`
	Elements  []kitElement `json:"elements"`
	Accessory *kitElement  `json:"accessory"`
	Element   *kitElement  `json:"element"`
	Label     kitText      `json:"label"`
	Hint      kitText      `json:"hint"`
	Optional  bool         `json:"optional"`
	Dispatch  bool         `json:"dispatch_action"`
}

// kitState is what a person has put into an element.
type kitState struct {
	Value   string      `json:"value"`
	Option  *kitOption  `json:"selected_option"`
	Options []kitOption `json:"selected_options"`
}

type kitView struct {
	ID     string     `json:"id"`
	Hash   string     `json:"hash"`
	Title  kitText    `json:"title"`
	Submit kitText    `json:"submit"`
	Close  kitText    `json:"close"`
	Blocks []kitBlock `json:"blocks"`
	State  struct {
		Values map[string]map[string]kitState `json:"values"`
	} `json:"state"`
}

// choice is an option of a control.
type choice struct {
	Text, Value, Description string
	Chosen                   bool
}

// control is an element as the templates draw it.
type control struct {
	// Kind is button, link, text, area, select, search, checks, radios or
	// unknown.
	Kind, Key, ActionID, Label, Value, Style, URL, Confirm, Placeholder string
	MaxLength, MinQuery                                                 int
	Several, Required                                                   bool
	Choices                                                             []choice
	// Channel and TS are the message's that it is in, View the view's.
	Channel, TS, View string
}

// place is what blocks are in.
type place struct {
	channel, ts string
	view        *kitView
}

// kinds of control by the type of element.
var controlKinds = map[string]string{
	"button": "button", "overflow": "select", "static_select": "select", "external_select": "search",
	"multi_static_select": "checks", "multi_external_select": "search", "checkboxes": "checks", "radio_buttons": "radios",
	"plain_text_input": "text", "email_text_input": "text", "url_text_input": "text", "number_input": "text",
}

func (p place) control(b kitBlock, e kitElement) control {
	c := control{
		Kind: cmp.Or(controlKinds[e.Type], "unknown"), Key: b.BlockID + "/" + e.ActionID, ActionID: e.ActionID,
		Label: e.Text.Text, Value: e.Value, Style: e.Style, URL: webURL(e.URL), Placeholder: e.Placeholder.Text,
		MaxLength: e.MaxLength, MinQuery: 3, Required: b.Type == "input" && !b.Optional,
		Several: e.Type == "multi_static_select" || e.Type == "multi_external_select" || e.Type == "checkboxes",
		Channel: p.channel, TS: p.ts,
	}
	switch {
	case c.Kind == "unknown":
		c.Label = e.Type
	case e.Multiline:
		c.Kind = "area"
	case c.URL != "":
		c.Kind = "link"
	}
	if e.MinQuery != nil {
		c.MinQuery = *e.MinQuery
	}
	if e.Confirm != nil {
		c.Confirm = fmt.Sprintf("%s\n\n%s", e.Confirm.Title.Text, unescape(e.Confirm.Text.Text))
	}
	c.choose(e, p.stateOf(b.BlockID, e.ActionID))
	if p.view != nil {
		c.View = p.view.ID
	}
	return c
}

func (p place) stateOf(block, action string) kitState {
	if p.view == nil {
		return kitState{}
	}
	return p.view.State.Values[block][action]
}

// choose fills in the choices and what is put in now.
func (c *control) choose(e kitElement, now kitState) {
	if c.Kind == "text" || c.Kind == "area" {
		c.Value = now.Value
	}
	chosen := map[string]bool{}
	if now.Option != nil {
		now.Options = append(now.Options, *now.Option)
	}
	for _, o := range now.Options {
		chosen[o.Value] = true
	}
	options := e.Options
	for _, g := range e.Groups {
		options = append(options, g.Options...)
	}
	if c.Kind == "search" {
		options = now.Options // all that can be known before somebody types
	}
	for _, o := range options {
		c.Choices = append(c.Choices, choice{plainText(o.Text), o.Value, plainText(o.Description), chosen[o.Value]})
	}
}

// plainText is a text without markup, for where HTML takes none.
func plainText(t kitText) string {
	if t.Type == "mrkdwn" {
		return unescape(t.Text)
	}
	return t.Text
}
