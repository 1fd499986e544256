package slack

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// put puts a value into the element that a key names.
func (v *view) put(key string, value any) error {
	blockID, actionID, both := strings.Cut(key, "/")
	if !both {
		blockID, actionID = "", key
	}
	p, err := find(elementsOf(v.blocks), blockID, actionID, nil)
	if err != nil {
		return err
	}
	state, err := putIn(p, value, v.suggested[p.blockID+"/"+p.id])
	if err != nil {
		return err
	}
	v.state[p.blockID][p.id] = state
	return nil
}

// putIn is an element's state with a value in it. suggested are an external
// select's options.
func putIn(p placed, value any, suggested []object) (object, error) {
	name, _ := p.element["type"].(string)
	k := kinds[name]
	if k.field == "" {
		return nil, fmt.Errorf("putting a value into a %s: %w", name, errNotThere)
	}
	state := initialState(name, p.element)
	texts, single := asTexts(value)
	if single && k.several || len(texts) > 1 && !k.several {
		return nil, fmt.Errorf("putting %v into a %s: %w", value, name, errNoOption)
	}
	options := allOptions(p.element)
	if k.suggestions {
		options = suggested
	}
	chosen := []any{}
	for _, text := range texts {
		if !k.option {
			chosen = append(chosen, text)
			continue
		}
		option := findOption(options, text)
		if option == nil {
			return nil, fmt.Errorf("choosing %q in %q: %w", text, p.id, errNoOption)
		}
		chosen = append(chosen, option)
	}
	switch {
	case k.several:
		state[k.field] = chosen
	case len(chosen) == 0 || chosen[0] == "":
		state[k.field] = nil
	default:
		state[k.field] = chosen[0]
	}
	return state, nil
}

// asTexts reads a value as one or several texts, from Go or from JSON.
func asTexts(value any) (texts []string, single bool) {
	switch v := value.(type) {
	case nil:
		return nil, false
	case string:
		return []string{v}, true
	case []string:
		return v, false
	case []any:
		for _, one := range v {
			texts = append(texts, fmt.Sprint(one))
		}
		return texts, false
	default:
		return []string{fmt.Sprint(v)}, true
	}
}

// incomplete is what the Slack client says itself, by block.
func (v *view) incomplete() map[string]string {
	problems := map[string]string{}
	for _, p := range elementsOf(v.blocks) {
		if p.block["type"] != "input" {
			continue
		}
		name, _ := p.element["type"].(string)
		value := v.state[p.blockID][p.id][kinds[name].field]
		text, _ := value.(string)
		list, isList := value.([]any)
		empty := value == nil || isList && len(list) == 0
		switch optional, _ := p.block["optional"].(bool); {
		case empty && !optional:
			problems[p.blockID] = "Please complete this required field."
		case !empty && utf8.RuneCountInString(text) > limit(p.element, "max_length", 3000):
			problems[p.blockID] = "This entry is too long."
		case !empty && kinds[name].text && utf8.RuneCountInString(text) < limit(p.element, "min_length", 0):
			problems[p.blockID] = "This entry is too short."
		}
	}
	return problems
}

func limit(element object, field string, otherwise int) int {
	if n, ok := element[field].(float64); ok {
		return int(n)
	}
	return otherwise
}
