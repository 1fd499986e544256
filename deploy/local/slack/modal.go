package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ViewAnswer is what became of a submitted modal. Action is the app's
// response_action, "" if the modal just closed.
type ViewAnswer struct {
	Action string `json:"response_action,omitempty"`
	// Errors are messages by block id; the modal stays open.
	Errors map[string]string `json:"errors,omitempty"`
	// View is the modal that is open now, nil if there is none.
	View json.RawMessage `json:"view,omitempty"`
}

// SubmitView fills in a modal and submits it. Keys of values are action ids, or
// block id, slash, action id; a value is a string (what was typed, or the value
// of the option that was chosen), or a []string for elements that take several.
// Fields that are not named keep what was put in before. As in the Slack client,
// a required field that is empty is an error and nothing is sent.
func (s *Server) SubmitView(ctx context.Context, user, viewID string, values map[string]any) (ViewAnswer, error) {
	payload, problems, err := s.submission(user, viewID, values)
	if err != nil {
		return ViewAnswer{}, err
	}
	if len(problems) > 0 {
		return ViewAnswer{Action: "errors", Errors: problems, View: s.OpenView(user)}, nil
	}
	body, err := s.interaction(ctx, payload)
	if err != nil {
		return ViewAnswer{}, err
	}
	return s.takeAnswer(user, viewID, body)
}

func (s *Server) submission(user, viewID string, values map[string]any) (payload object, problems map[string]string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.topLocked(user)
	if v == nil || v.id != viewID {
		return nil, nil, fmt.Errorf("submitting view %q as %q: %w", viewID, user, errNotThere)
	}
	for key, value := range values {
		if err := v.put(key, value); err != nil {
			return nil, nil, err
		}
	}
	s.changedLocked()
	if problems := v.incomplete(); len(problems) > 0 {
		return nil, problems, nil
	}
	payload, err = s.payloadLocked("view_submission", user)
	if err != nil {
		return nil, nil, err
	}
	payload["trigger_id"] = s.triggerLocked(user, v.id)
	payload["view"] = s.viewJSONLocked(v)
	payload["response_urls"] = []any{}
	return payload, nil, nil
}

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

// takeAnswer does what the app's answer to a submission says.
func (s *Server) takeAnswer(user, viewID string, body []byte) (ViewAnswer, error) {
	var read struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if len(strings.TrimSpace(string(body))) > 0 {
		if err := json.Unmarshal(body, &read); err != nil {
			return ViewAnswer{}, &DeliveryError{Err: fmt.Errorf("reading the answer to a submission: %w", err)}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.views[viewID]
	if v == nil {
		return ViewAnswer{}, nil // the app has closed it meanwhile
	}
	if err := s.applyLocked(v, user, read.Action, read.View, read.Errors); err != nil {
		return ViewAnswer{}, &DeliveryError{Err: fmt.Errorf("reading the answer to a submission: %w", err)}
	}
	return ViewAnswer{read.Action, read.Errors, s.viewJSONLocked(s.topLocked(user))}, nil
}

func (s *Server) applyLocked(v *view, user, action string, raw json.RawMessage, problems map[string]string) error {
	switch action {
	case "":
		s.closeTopLocked(user)
		return nil
	case "clear":
		s.closeAllLocked(user)
		return nil
	case "errors":
		for block := range problems {
			if !v.hasInput(block) {
				return fmt.Errorf("errors on %q, which is no input block", block)
			}
		}
		return nil
	case "update", "push":
		next, err := readView(string(raw), inModal)
		if err != nil {
			return err
		}
		if action == "update" {
			s.replaceLocked(v, next)
		} else if len(s.stacks[user]) < maxStack {
			s.showLocked(next, user)
		}
		return nil
	default:
		return fmt.Errorf("unknown response_action %q", action)
	}
}

func (v *view) hasInput(blockID string) bool {
	for _, b := range v.blocks {
		if b["block_id"] == blockID && b["type"] == "input" {
			return true
		}
	}
	return false
}

// CloseView closes a modal with its X. The app is told if the view asks for it.
func (s *Server) CloseView(ctx context.Context, user, viewID string) error {
	s.mu.Lock()
	v := s.topLocked(user)
	if v == nil || v.id != viewID {
		s.mu.Unlock()
		return fmt.Errorf("closing view %q as %q: %w", viewID, user, errNotThere)
	}
	payload, err := s.payloadLocked("view_closed", user)
	if err == nil {
		payload["view"], payload["is_cleared"] = s.viewJSONLocked(v), false
	}
	s.closeTopLocked(user)
	s.mu.Unlock()
	if err != nil || v.body["notify_on_close"] != true {
		return err
	}
	_, err = s.interaction(ctx, payload)
	return err
}

// ActInView clicks a button of a modal or a Home tab, or chooses something
// there. A choice is kept in the view's state; the app is told where Slack tells
// it: always, except for inputs without dispatch_action.
func (s *Server) ActInView(ctx context.Context, user, viewID, key string, value any) error {
	payload, err := s.viewAction(user, viewID, key, value)
	if err != nil || payload == nil {
		return err
	}
	_, err = s.interaction(ctx, payload)
	return err
}

func (s *Server) viewAction(user, viewID, key string, value any) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.seenLocked(user, viewID)
	if err != nil {
		return nil, err
	}
	blockID, actionID, both := strings.Cut(key, "/")
	if !both {
		blockID, actionID = "", key
	}
	p, err := find(elementsOf(v.blocks), blockID, actionID, value)
	if err != nil {
		return nil, err
	}
	var action object
	if name, _ := p.element["type"].(string); kinds[name].field != "" {
		if err := v.put(p.blockID+"/"+p.id, value); err != nil {
			return nil, err
		}
		s.changedLocked()
		action = object{"action_id": p.id, "block_id": p.blockID, "action_ts": s.tsLocked()}
		for field, now := range v.state[p.blockID][p.id] {
			action[field] = now
		}
	} else if action, err = s.actionLocked(p, value); err != nil {
		return nil, err
	}
	if p.block["type"] == "input" && p.block["dispatch_action"] != true {
		return nil, nil
	}
	payload, err := s.payloadLocked("block_actions", user)
	if err != nil {
		return nil, err
	}
	payload["trigger_id"] = s.triggerLocked(user, v.id)
	payload["container"] = object{"type": "view", "view_id": v.id}
	payload["view"], payload["actions"] = s.viewJSONLocked(v), []object{action}
	return payload, nil
}

// seenLocked is a view that a person sees: the modal on top, or Home.
func (s *Server) seenLocked(user, viewID string) (*view, error) {
	if v := s.topLocked(user); v != nil && v.id == viewID {
		return v, nil
	}
	if s.homes[user] == viewID && s.views[viewID] != nil {
		return s.views[viewID], nil
	}
	return nil, fmt.Errorf("using view %q as %q: %w", viewID, user, errNotThere)
}

// Option is a choice of a menu.
type Option struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

// Suggest types into an external select and returns what the app suggests. Only
// what was suggested can be chosen.
func (s *Server) Suggest(ctx context.Context, user, viewID, key, query string) ([]Option, error) {
	payload, at, err := s.suggestion(user, viewID, key, query)
	if err != nil {
		return nil, err
	}
	body, err := s.interaction(ctx, payload)
	if err != nil {
		return nil, err
	}
	var read object
	if err := json.Unmarshal(body, &read); err != nil {
		return nil, &DeliveryError{Err: fmt.Errorf("reading suggestions: %w", err)}
	}
	k := &checker{}
	options := allOptions(read)
	for i, o := range options {
		k.option(fmt.Sprintf("/options/%d", i), o)
	}
	if len(options) > 100 {
		k.wrong("/options", "no more than 100 items allowed")
	}
	if len(k.problems) > 0 {
		return nil, &DeliveryError{Err: &invalidBlocks{k.problems}}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.views[viewID]; v != nil {
		v.suggested[at] = append(v.suggested[at], options...)
	}
	return choices(options), nil
}

func choices(options []object) []Option {
	all := make([]Option, len(options))
	for i, o := range options {
		text, _ := o["text"].(object)
		label, _ := text["text"].(string)
		value, _ := o["value"].(string)
		all[i] = Option{label, value}
	}
	return all
}

func (s *Server) suggestion(user, viewID, key, query string) (payload object, at string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.seenLocked(user, viewID)
	if err != nil {
		return nil, "", err
	}
	blockID, actionID, both := strings.Cut(key, "/")
	if !both {
		blockID, actionID = "", key
	}
	p, err := find(elementsOf(v.blocks), blockID, actionID, nil)
	if err != nil {
		return nil, "", err
	}
	name, _ := p.element["type"].(string)
	if !kinds[name].suggestions || utf8.RuneCountInString(query) < limit(p.element, "min_query_length", 3) {
		return nil, "", fmt.Errorf("typing %q into %q: %w", query, key, errNoOption)
	}
	payload, err = s.payloadLocked("block_suggestion", user)
	if err != nil {
		return nil, "", err
	}
	payload["action_id"], payload["block_id"], payload["value"] = p.id, p.blockID, query
	payload["container"] = object{"type": "view", "view_id": v.id}
	payload["view"] = s.viewJSONLocked(v)
	return payload, p.blockID + "/" + p.id, nil
}
