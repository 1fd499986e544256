package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
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
		return ViewAnswer{Action: read.Action, Errors: read.Errors}, nil // it was closed meanwhile
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
