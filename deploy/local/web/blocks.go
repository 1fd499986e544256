package web

import (
	"encoding/json"
	"html/template"
	"time"
)

// block is a block as the templates draw it.
type block struct {
	Type, ID, Label, Hint, Error string
	Text                         template.HTML
	Parts                        []template.HTML // fields, or a context's elements
	Controls                     []control
	Optional, Dispatch           bool
}

// draw turns blocks into what the templates draw.
func (m markup) draw(in place, blocks []kitBlock, problems map[string]string) []block {
	out := make([]block, 0, len(blocks))
	for _, b := range blocks {
		one := block{
			Type: b.Type, ID: b.BlockID, Label: b.Label.Text, Hint: b.Hint.Text, Error: problems[b.BlockID],
			Optional: b.Optional, Dispatch: b.Type != "input" || b.Dispatch,
		}
		if b.Text != nil {
			one.Text = m.text(*b.Text)
		}
		for _, f := range b.Fields {
			one.Parts = append(one.Parts, m.text(f))
		}
		for _, e := range b.Elements {
			switch {
			case b.Type != "context":
				one.Controls = append(one.Controls, in.control(b, e))
			case e.Type == "image":
				one.Parts = append(one.Parts, m.text(kitText{Type: "plain_text", Text: e.AltText}))
			default:
				one.Parts = append(one.Parts, m.text(kitText{Type: e.Type, Text: e.Text.Text}))
			}
		}
		for _, e := range []*kitElement{b.Accessory, b.Element} {
			if e != nil && e.Type != "image" {
				one.Controls = append(one.Controls, in.control(b, *e))
			}
		}
		out = append(out, one)
	}
	return out
}

// modalView is a modal as the template draws it.
type modalView struct {
	ID, Hash, Title, Submit, Close string
	Blocks                         []block
	// Problem is what went wrong with all of it.
	Problem string
}

func (m markup) modal(raw json.RawMessage, problems map[string]string) (*modalView, error) {
	if raw == nil {
		return nil, nil //nolint:nilnil // no modal is open, and nothing is wrong with that
	}
	var v kitView
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	out := &modalView{ID: v.ID, Hash: v.Hash, Title: v.Title.Text, Submit: v.Submit.Text, Close: v.Close.Text}
	if out.Close == "" {
		out.Close = "Close"
	}
	out.Blocks = m.draw(place{view: &v}, v.Blocks, problems)
	return out, nil
}

func (m markup) home(raw json.RawMessage) ([]block, error) {
	if raw == nil {
		return nil, nil
	}
	var v kitView
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	return m.draw(place{view: &v}, v.Blocks, nil), nil
}

// message is one as the template draws it.
type message struct {
	Author, TS string
	App, Mine  bool
	OnlyYou    bool
	Edited     bool
	Time       time.Time
	Text       template.HTML
	Blocks     []block
}
