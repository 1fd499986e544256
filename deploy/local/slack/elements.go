package slack

import "fmt"

// kind says how an element keeps what a person has put in: in which field of
// its state, which field of its definition that starts from, and whether that
// is an option (or options), or several.
type kind struct {
	field, initial    string
	option, several   bool
	text, suggestions bool
}

// kinds are the elements that have a state. Buttons and overflow menus have
// none.
var kinds = map[string]kind{
	"plain_text_input":           {field: "value", initial: "initial_value", text: true},
	"email_text_input":           {field: "value", initial: "initial_value", text: true},
	"url_text_input":             {field: "value", initial: "initial_value", text: true},
	"number_input":               {field: "value", initial: "initial_value", text: true},
	"static_select":              {field: "selected_option", initial: "initial_option", option: true},
	"external_select":            {field: "selected_option", initial: "initial_option", option: true, suggestions: true},
	"radio_buttons":              {field: "selected_option", initial: "initial_option", option: true},
	"multi_static_select":        {field: "selected_options", initial: "initial_options", option: true, several: true},
	"multi_external_select":      {field: "selected_options", initial: "initial_options", option: true, several: true, suggestions: true},
	"checkboxes":                 {field: "selected_options", initial: "initial_options", option: true, several: true},
	"users_select":               {field: "selected_user", initial: "initial_user"},
	"multi_users_select":         {field: "selected_users", initial: "initial_users", several: true},
	"channels_select":            {field: "selected_channel", initial: "initial_channel"},
	"conversations_select":       {field: "selected_conversation", initial: "initial_conversation"},
	"multi_channels_select":      {field: "selected_channels", initial: "initial_channels", several: true},
	"multi_conversations_select": {field: "selected_conversations", initial: "initial_conversations", several: true},
	"datepicker":                 {field: "selected_date", initial: "initial_date"},
	"timepicker":                 {field: "selected_time", initial: "initial_time"},
	"datetimepicker":             {field: "selected_date_time", initial: "initial_date_time"},
}

func (k *checker) element(path string, v any) {
	e, ok := v.(object)
	if !ok {
		k.wrong(path, "must provide an object")
		return
	}
	name, _ := e["type"].(string)
	if name == "image" {
		k.length(path+"/alt_text", e["alt_text"], 1, 2000)
		return
	}
	k.name(path, e, "action_id", 255)
	if e["confirm"] != nil {
		k.confirm(path+"/confirm", e["confirm"])
	}
	if e["placeholder"] != nil {
		k.text(path+"/placeholder", e["placeholder"], 150, true)
	}
	switch {
	case name == "button":
		k.button(path, e)
	case name == "overflow":
		k.options(path+"/options", e["options"], 5)
	case kinds[name].field == "":
		k.wrong(path+"/type", "unsupported type: %s", name)
	case kinds[name].option && !kinds[name].suggestions:
		k.choices(path, name, e)
	case kinds[name].text && e["initial_value"] != nil:
		k.length(path+"/initial_value", e["initial_value"], 0, 3000)
	}
	k.initial(path, e, kinds[name])
}

func (k *checker) button(path string, e object) {
	k.text(path+"/text", e["text"], 75, true)
	if e["value"] != nil {
		k.length(path+"/value", e["value"], 0, 2000)
	}
	if e["url"] != nil {
		k.length(path+"/url", e["url"], 1, 3000)
	}
	if style := e["style"]; style != nil && style != "primary" && style != "danger" {
		k.wrong(path+"/style", "must be one of: primary, danger")
	}
}

func (k *checker) confirm(path string, v any) {
	c, _ := v.(object)
	k.text(path+"/text", c["text"], 300, false)
	for field, most := range map[string]int{"title": 100, "confirm": 30, "deny": 30} {
		if c[field] != nil {
			k.text(path+"/"+field, c[field], most, true)
		}
	}
}

func (k *checker) choices(path, name string, e object) {
	most := 100
	if name == "radio_buttons" || name == "checkboxes" {
		most = 10
	}
	groups, grouped := e["option_groups"].([]any)
	if !grouped {
		k.options(path+"/options", e["options"], most)
		return
	}
	if len(groups) == 0 || len(groups) > 100 {
		k.wrong(path+"/option_groups", "must have 1 to 100 items")
	}
	for i, g := range groups {
		at := fmt.Sprintf("%s/option_groups/%d", path, i)
		group, _ := g.(object)
		k.text(at+"/label", group["label"], 75, true)
		k.options(at+"/options", group["options"], 100)
	}
}

func (k *checker) options(path string, v any, most int) {
	options, _ := v.([]any)
	if len(options) == 0 || len(options) > most {
		k.wrong(path, "must have 1 to %d items", most)
	}
	for i, o := range options {
		k.option(fmt.Sprintf("%s/%d", path, i), o)
	}
}

func (k *checker) option(path string, v any) {
	o, _ := v.(object)
	k.text(path+"/text", o["text"], 75, false)
	k.length(path+"/value", o["value"], 1, 150)
	if o["description"] != nil {
		k.text(path+"/description", o["description"], 75, false)
	}
}

// initial checks that a choice that is made already is one of those offered.
func (k *checker) initial(path string, e object, of kind) {
	chosen, ok := e[of.initial].(object)
	if !ok || !of.option || of.several {
		return
	}
	k.option(path+"/"+of.initial, chosen)
	if !of.suggestions && findOption(allOptions(e), chosen["value"]) == nil {
		k.wrong(path+"/"+of.initial, "initial option was not found")
	}
}

// allOptions are an element's options, whether in groups or not.
func allOptions(e object) []object {
	var all []object
	add := func(v any) {
		options, _ := v.([]any)
		for _, o := range options {
			if option, ok := o.(object); ok {
				all = append(all, option)
			}
		}
	}
	add(e["options"])
	groups, _ := e["option_groups"].([]any)
	for _, g := range groups {
		if group, ok := g.(object); ok {
			add(group["options"])
		}
	}
	return all
}

func findOption(options []object, value any) object {
	for _, o := range options {
		if o["value"] == value {
			return o
		}
	}
	return nil
}

// placed is an element with the block it is in.
type placed struct {
	block   object
	blockID string
	element object
	id      string // action_id
}

// elementsOf are the elements of blocks that a person can do something with.
func elementsOf(blocks []object) []placed {
	var all []placed
	for _, b := range blocks {
		blockID, _ := b["block_id"].(string)
		candidates, _ := b["elements"].([]any)
		candidates = append(candidates[:len(candidates):len(candidates)], b["accessory"], b["element"])
		for _, c := range candidates {
			e, _ := c.(object)
			if id, ok := e["action_id"].(string); ok {
				all = append(all, placed{b, blockID, e, id})
			}
		}
	}
	return all
}
