package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
)

// What people can do, as the Slack client lets them. Every function sends what
// Slack would send, waits for the app's answer for at most three seconds, and
// does with it what Slack does. They return an error where the client would not
// let the person do it, and a *DeliveryError where the app did not answer.

// Errors of what a person tried.
var (
	errNotThere = errors.New("the person does not see that")
	errNoOption = errors.New("there is no such option")
)

// payloadLocked is what every interaction has.
func (s *Server) payloadLocked(kind, user string) (object, error) {
	u := s.userLocked(user)
	if u == nil || u.Deleted {
		return nil, fmt.Errorf("acting as %q: %w", user, errNotThere)
	}
	o := object{
		"type": kind, "api_app_id": appID, "token": "", "is_enterprise_install": false, "enterprise": nil,
		"team": object{"id": s.opts.Team.ID, "domain": s.opts.Team.Domain},
		"user": object{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.TeamID},
	}
	if e := s.opts.Enterprise; e.ID != "" {
		o["enterprise"] = object{"id": e.ID, "name": e.Name}
	}
	return o, nil
}

// SlashCommand types a command with its leading slash in a channel. The message
// is the app's immediate answer, which is also in the channel; nil if it gave
// none.
func (s *Server) SlashCommand(ctx context.Context, user, channelID, command, text string) (*Message, error) {
	form, channel, err := s.commandForm(user, channelID, command, text)
	if err != nil {
		return nil, err
	}
	body, err := s.command(ctx, form)
	if err != nil || len(body) == 0 {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.answerLocked(&responseURL{channel: channel, user: user}, body)
	if err != nil {
		return nil, &DeliveryError{Err: fmt.Errorf("reading the answer to %s: %w", command, err)}
	}
	return m, nil
}

func (s *Server) commandForm(user, channelID, command, text string) (url.Values, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, channel := s.userLocked(user), s.channelLocked(channelID)
	if u == nil || u.Deleted || channel == nil || !slices.Contains(channel.Members, user) {
		return nil, "", fmt.Errorf("typing %s in %q as %q: %w", command, channelID, user, errNotThere)
	}
	name := channel.Name
	if channel.IM {
		name = "directmessage"
	}
	form := url.Values{
		"token": {""}, "team_id": {u.TeamID}, "team_domain": {s.opts.Team.Domain}, "channel_id": {channel.ID}, "channel_name": {name},
		"user_id": {u.ID}, "user_name": {u.Name}, "command": {command}, "text": {text}, "api_app_id": {appID},
		"is_enterprise_install": {"false"},
		"response_url":          {s.responseLocked("commands", &responseURL{channel: channel.ID, user: user})},
		"trigger_id":            {s.triggerLocked(user, "")},
	}
	if e := s.opts.Enterprise; e.ID != "" {
		form.Set("enterprise_id", e.ID)
		form.Set("enterprise_name", e.Name)
	}
	return form, channel.ID, nil
}

// ClickButton clicks a button of a message, or chooses from a menu there. value
// is a menu's option, or tells buttons of one action id apart; "" is the first.
func (s *Server) ClickButton(ctx context.Context, user, channelID, ts, actionID, value string) error {
	payload, err := s.clickPayload(user, channelID, ts, actionID, value)
	if err != nil {
		return err
	}
	_, err = s.interaction(ctx, payload)
	return err
}

func (s *Server) clickPayload(user, channelID, ts, actionID, value string) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	payload, err := s.payloadLocked("block_actions", user)
	if err != nil {
		return nil, err
	}
	channel := s.channelLocked(channelID)
	if channel == nil || !slices.Contains(channel.Members, user) {
		return nil, fmt.Errorf("clicking in %q as %q: %w", channelID, user, errNotThere)
	}
	m := s.messageLocked(channel.ID, ts)
	if m == nil || m.EphemeralTo != "" && m.EphemeralTo != user {
		return nil, fmt.Errorf("clicking on message %s: %w", ts, errNotThere)
	}
	var blocks []object
	if err := json.Unmarshal(m.Blocks, &blocks); err != nil {
		return nil, fmt.Errorf("clicking on message %s, which has no blocks: %w", ts, errNotThere)
	}
	p, err := find(elementsOf(blocks), "", actionID, value)
	if err != nil {
		return nil, err
	}
	action, err := s.actionLocked(p, value)
	if err != nil {
		return nil, err
	}
	name := channel.Name
	if channel.IM {
		name = "directmessage"
	}
	payload["actions"] = []object{action}
	payload["container"] = object{"type": "message", "message_ts": m.TS, "channel_id": channel.ID, "is_ephemeral": m.EphemeralTo != ""}
	payload["channel"] = object{"id": channel.ID, "name": name}
	payload["message"] = s.wire(m, true)
	payload["state"] = object{"values": object{}}
	payload["trigger_id"] = s.triggerLocked(user, "")
	payload["response_url"] = s.responseLocked("actions", &responseURL{channel: channel.ID, user: user, original: m.TS})
	return payload, nil
}

// find picks an element by its action id, and its block where that is given.
// Among several buttons with one action id, value decides.
func find(elements []placed, blockID, actionID string, value any) (placed, error) {
	for _, p := range elements {
		if p.id != actionID || blockID != "" && p.blockID != blockID {
			continue
		}
		text, _ := value.(string)
		if p.element["type"] == "button" && text != "" && p.element["value"] != text {
			continue
		}
		return p, nil
	}
	return placed{}, fmt.Errorf("looking for %q: %w", actionID, errNotThere)
}

// actionLocked is the entry of block_actions' actions for a button or a menu.
func (s *Server) actionLocked(p placed, value any) (object, error) {
	name, _ := p.element["type"].(string)
	action := object{"type": name, "action_id": p.id, "block_id": p.blockID, "action_ts": s.tsLocked()}
	switch {
	case name == "button":
		for _, field := range []string{"text", "value", "style", "url"} {
			if p.element[field] != nil {
				action[field] = p.element[field]
			}
		}
	case name == "overflow":
		option := findOption(allOptions(p.element), value)
		if option == nil {
			return nil, fmt.Errorf("choosing %v: %w", value, errNoOption)
		}
		action["selected_option"] = option
	default:
		state, err := putIn(p, value, nil)
		if err != nil {
			return nil, err
		}
		for field, v := range state {
			action[field] = v
		}
	}
	return action, nil
}

// OpenHome opens the app's Home tab: the app gets app_home_opened.
func (s *Server) OpenHome(ctx context.Context, user string) error {
	s.mu.Lock()
	u := s.userLocked(user)
	if u == nil || u.Deleted {
		s.mu.Unlock()
		return fmt.Errorf("opening Home as %q: %w", user, errNotThere)
	}
	event := object{"type": "app_home_opened", "user": user, "channel": s.openIMLocked(user).ID, "tab": "home", "event_ts": s.tsLocked()}
	if raw := s.viewJSONLocked(s.views[s.homes[user]]); raw != nil {
		event["view"] = raw
	}
	s.mu.Unlock()
	return s.SendEvent(ctx, event)
}

// ChangeUser changes a user, as an administrator does, and tells the app with
// user_change.
func (s *Server) ChangeUser(ctx context.Context, u User) error {
	s.SetUser(u)
	s.mu.Lock()
	event := object{"type": "user_change", "user": s.person(s.userLocked(u.ID), true), "event_ts": s.tsLocked()}
	s.mu.Unlock()
	return s.SendEvent(ctx, event)
}

// SendEvent sends an Events API callback about an event.
func (s *Server) SendEvent(ctx context.Context, event map[string]any) error {
	s.mu.Lock()
	callback := object{
		"type": "event_callback", "token": "", "team_id": s.opts.Team.ID, "api_app_id": appID, "event": event,
		"event_id": s.idLocked("Ev"), "event_time": TimeOf(s.tsLocked()).Unix(), "is_ext_shared_channel": false,
		"authorizations": []object{{"enterprise_id": nil, "team_id": s.opts.Team.ID, "user_id": botUser, "is_bot": true, "is_enterprise_install": false}},
	}
	s.mu.Unlock()
	_, err := s.event(ctx, callback)
	return err
}

// VerifyEventsURL sends the url_verification challenge that Slack sends when an
// events URL is entered, and says whether the app echoed it.
func (s *Server) VerifyEventsURL(ctx context.Context) error {
	challenge := secret()
	body, err := s.event(ctx, object{"type": "url_verification", "token": "", "challenge": challenge})
	if err != nil {
		return err
	}
	var read struct{ Challenge string }
	if json.Unmarshal(body, &read) != nil {
		read.Challenge = string(body) // plain text is allowed
	}
	if read.Challenge != challenge {
		return errors.New("verifying the events URL: the challenge did not come back")
	}
	return nil
}
