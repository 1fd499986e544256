package slack

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

func (s *Server) conversationOpen(c call) (object, error) {
	if id := c.arg("channel"); id != "" {
		channel := s.channelLocked(id)
		if channel == nil || !channel.IM {
			return nil, fail("channel_not_found")
		}
		return object{"no_op": true, "already_open": true, "channel": s.conversation(channel)}, nil
	}
	users := strings.Split(c.arg("users"), ",")
	switch {
	case users[0] == "":
		return nil, fail("users_list_not_supplied")
	case len(users) > 1: // group conversations are not part of this workspace
		return nil, fail("too_many_users")
	}
	u := s.userLocked(users[0])
	switch {
	case u == nil:
		return nil, fail("user_not_found")
	case u.Deleted:
		return nil, fail("user_disabled")
	case u.IsBot:
		return nil, fail("cannot_dm_bot")
	}
	open := s.imLocked(u.ID) != nil
	channel := s.openIMLocked(u.ID)
	s.changedLocked()
	answer := object{"channel": object{"id": channel.ID}, "no_op": open, "already_open": open}
	if c.flag("return_im") {
		answer["channel"] = s.conversation(channel)
	}
	return answer, nil
}

// conversation is a channel as Slack gives it to an app.
func (s *Server) conversation(c *Channel) object {
	o := object{
		"id": c.ID, "name": c.Name, "name_normalized": c.Name, "is_channel": !c.IM && !c.Private, "is_group": !c.IM && c.Private,
		"is_im": c.IM, "is_private": c.Private, "is_member": c.AppIsMember, "is_archived": false, "num_members": len(c.Members),
		"context_team_id": s.opts.Team.ID,
	}
	if c.IM {
		o["user"] = c.Members[0]
	}
	return o
}

// readableLocked finds a channel and checks the scope for it: kind is read or
// history.
func (s *Server) readableLocked(id, kind string) (*Channel, error) {
	channel := s.channelLocked(id)
	if channel == nil || channel.Private && !channel.AppIsMember {
		return nil, fail("channel_not_found")
	}
	family := "channels:"
	switch {
	case channel.IM:
		family = "im:"
	case channel.Private:
		family = "groups:"
	}
	return channel, s.scope(family + kind)
}

func (s *Server) conversationInfo(c call) (object, error) {
	channel, err := s.readableLocked(c.arg("channel"), "read")
	if err != nil {
		return nil, err
	}
	return object{"channel": s.conversation(channel)}, nil
}

func (s *Server) conversationMembers(c call) (object, error) {
	channel, err := s.readableLocked(c.arg("channel"), "read")
	if err != nil {
		return nil, err
	}
	members := slices.Clone(channel.Members)
	if channel.AppIsMember {
		members = append(members, botUser)
	}
	part, next, err := page(members, c, 100)
	if err != nil {
		return nil, err
	}
	return object{"members": part, "response_metadata": object{"next_cursor": next}}, nil
}

// page cuts what a call asked for out of a list. The cursor is the position.
func page[T any](all []T, c call, otherwise int) (part []T, next string, err error) {
	from := 0
	if cursor := c.arg("cursor"); cursor != "" {
		from, err = strconv.Atoi(strings.TrimPrefix(cursor, "pos:"))
		if err != nil || from < 0 || from > len(all) {
			return nil, "", fail("invalid_cursor")
		}
	}
	to := min(len(all), from+min(c.number("limit", otherwise), 999))
	if to < len(all) {
		next = "pos:" + strconv.Itoa(to)
	}
	return all[from:to], next, nil
}

func (s *Server) history(c call) (object, error) {
	channel, err := s.readableLocked(c.arg("channel"), "history")
	if err != nil {
		return nil, err
	}
	if !channel.AppIsMember {
		return nil, fail("not_in_channel")
	}
	return s.listLocked(c, channel, true, func(m *Message) bool { return m.ThreadTS == "" || m.ThreadTS == m.TS })
}

func (s *Server) replies(c call) (object, error) {
	channel, err := s.readableLocked(c.arg("channel"), "history")
	if err != nil {
		return nil, err
	}
	root := c.arg("ts")
	if s.messageLocked(channel.ID, root) == nil {
		return nil, fail("thread_not_found")
	}
	return s.listLocked(c, channel, false, func(m *Message) bool { return m.TS == root || m.ThreadTS == root })
}

func (s *Server) listLocked(c call, channel *Channel, newestFirst bool, wanted func(*Message) bool) (object, error) {
	found := []object{}
	for _, m := range s.messages[channel.ID] {
		if m.EphemeralTo == "" && wanted(m) && within(m.TS, c) {
			found = append(found, s.wire(m, c.flag("include_all_metadata")))
		}
	}
	if newestFirst {
		slices.Reverse(found)
	}
	part, next, err := page(found, c, 100)
	if err != nil {
		return nil, err
	}
	return object{"messages": part, "has_more": next != "", "response_metadata": object{"next_cursor": next}}, nil
}

// within says whether a timestamp is between oldest and latest. All have the
// same number of digits, so they compare as text.
func within(ts string, c call) bool {
	slack := 0
	if c.flag("inclusive") {
		slack = 1
	}
	if oldest := c.arg("oldest"); oldest != "" && oldest != "0" && cmp.Compare(ts, oldest) < 1-slack {
		return false
	}
	if latest := c.arg("latest"); latest != "" && cmp.Compare(ts, latest) > slack-1 {
		return false
	}
	return true
}
