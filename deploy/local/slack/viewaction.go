package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

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
