package slack

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// surface is where blocks are shown, and how many it takes.
type surface struct {
	name string
	most int
}

// Where blocks go (Block Kit reference).
var (
	inMessage = surface{"message", 50}
	inModal   = surface{"modal", 100}
	inHome    = surface{"home", 100}
)

// invalidBlocks are blocks that break Block Kit's rules.
type invalidBlocks struct{ problems []string }

func (e *invalidBlocks) Error() string { return strings.Join(e.problems, "; ") }

// readBlocks checks blocks against Block Kit's limits and gives those without a
// block_id or action_id one, as Slack does. Nil if there are none.
func readBlocks(raw []byte, in surface) (json.RawMessage, *invalidBlocks) {
	var blocks []object
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return nil, &invalidBlocks{[]string{"blocks is not an array of objects [json-pointer:/blocks]"}}
	}
	if len(blocks) == 0 {
		return nil, nil
	}
	k := &checker{in: in, ids: map[string]bool{}}
	k.blocks(blocks)
	if len(k.problems) > 0 {
		return nil, &invalidBlocks{k.problems}
	}
	out, err := json.Marshal(blocks)
	if err != nil {
		return nil, &invalidBlocks{[]string{err.Error()}}
	}
	return out, nil
}

// checker collects what is wrong, with a JSON pointer to each place.
type checker struct {
	in       surface
	ids      map[string]bool
	problems []string
}

func (k *checker) wrong(path, format string, args ...any) {
	k.problems = append(k.problems, fmt.Sprintf(format, args...)+" [json-pointer:"+path+"]")
}

func (k *checker) blocks(blocks []object) {
	if len(blocks) > k.in.most {
		k.wrong("/blocks", "no more than %d items allowed", k.in.most)
	}
	for i, b := range blocks {
		path := fmt.Sprintf("/blocks/%d", i)
		k.name(path, b, "block_id", 255)
		id := b["block_id"].(string)
		if k.ids[id] {
			k.wrong(path+"/block_id", "duplicate block_id: %s", id)
		}
		k.ids[id] = true
		k.block(path, b)
	}
}

// name checks an id, and makes one up where there is none.
func (k *checker) name(path string, o object, field string, most int) {
	id, _ := o[field].(string)
	if id == "" {
		id = rand.Text()[:5]
	}
	if utf8.RuneCountInString(id) > most {
		k.wrong(path+"/"+field, "must be less than %d characters", most+1)
	}
	o[field] = id
}

func (k *checker) block(path string, b object) {
	switch b["type"] {
	case "section":
		k.section(path, b)
	case "header":
		k.text(path+"/text", b["text"], 150, true)
	case "context":
		k.context(path, b)
	case "actions":
		k.actions(path, b)
	case "input":
		k.input(path, b)
	case "image":
		k.length(path+"/alt_text", b["alt_text"], 1, 2000)
		k.length(path+"/image_url", b["image_url"], 1, 3000)
	case "markdown":
		k.length(path+"/text", b["text"], 1, 12000)
	case "divider", "rich_text":
	default:
		k.wrong(path+"/type", "unsupported type: %v", b["type"])
	}
}

func (k *checker) section(path string, b object) {
	fields, _ := b["fields"].([]any)
	if b["text"] == nil && len(fields) == 0 {
		k.wrong(path, "missing required field: text")
	}
	if b["text"] != nil {
		k.text(path+"/text", b["text"], 3000, false)
	}
	if len(fields) > 10 {
		k.wrong(path+"/fields", "no more than 10 items allowed")
	}
	for i, f := range fields {
		k.text(fmt.Sprintf("%s/fields/%d", path, i), f, 2000, false)
	}
	if b["accessory"] != nil {
		k.element(path+"/accessory", b["accessory"])
	}
}

func (k *checker) context(path string, b object) {
	elements, _ := b["elements"].([]any)
	if len(elements) == 0 || len(elements) > 10 {
		k.wrong(path+"/elements", "must have 1 to 10 items")
	}
	for i, e := range elements {
		at := fmt.Sprintf("%s/elements/%d", path, i)
		if o, _ := e.(object); o["type"] == "image" {
			k.length(at+"/alt_text", o["alt_text"], 1, 2000)
			continue
		}
		k.text(at, e, 3000, false)
	}
}

func (k *checker) actions(path string, b object) {
	elements, _ := b["elements"].([]any)
	if len(elements) == 0 || len(elements) > 25 {
		k.wrong(path+"/elements", "must have 1 to 25 items")
	}
	seen := map[any]bool{}
	for i, e := range elements {
		at := fmt.Sprintf("%s/elements/%d", path, i)
		k.element(at, e)
		if o, ok := e.(object); ok {
			if seen[o["action_id"]] {
				k.wrong(at+"/action_id", "duplicate action_id: %v", o["action_id"])
			}
			seen[o["action_id"]] = true
		}
	}
}

func (k *checker) input(path string, b object) {
	if k.in == inMessage {
		k.wrong(path+"/type", "unsupported type: input")
		return
	}
	k.text(path+"/label", b["label"], 2000, true)
	if b["hint"] != nil {
		k.text(path+"/hint", b["hint"], 2000, true)
	}
	e, _ := b["element"].(object)
	if e["type"] == "button" || e["type"] == "overflow" {
		k.wrong(path+"/element/type", "unsupported type: %v", e["type"])
	}
	k.element(path+"/element", b["element"])
}

// text checks a text object.
func (k *checker) text(path string, v any, most int, plain bool) {
	o, ok := v.(object)
	kind, _ := o["type"].(string)
	switch {
	case !ok:
		k.wrong(path, "must provide an object")
	case kind != "plain_text" && (plain || kind != "mrkdwn"):
		k.wrong(path+"/type", "unsupported type: %s", kind)
	default:
		k.length(path+"/text", o["text"], 1, most)
	}
}

func (k *checker) length(path string, v any, least, most int) {
	text, ok := v.(string)
	n := utf8.RuneCountInString(text)
	switch {
	case !ok:
		k.wrong(path, "must provide a string")
	case n < least:
		k.wrong(path, "must be more than %d characters", least-1)
	case n > most:
		k.wrong(path, "must be less than %d characters", most+1)
	}
}
