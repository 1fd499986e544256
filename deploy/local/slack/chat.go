package slack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// maxText is the most characters a message's text may have.
const maxText = 40_000

// Message is a message as the workspace keeps it.
type Message struct {
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	User    string `json:"user"`
	Text    string `json:"text"`
	// Blocks is a JSON array, every block with its block_id; nil if there are
	// none.
	Blocks      json.RawMessage `json:"blocks,omitempty"`
	Attachments json.RawMessage `json:"attachments,omitempty"`
	// Metadata is {"event_type":…,"event_payload":…}, nil if there is none.
	Metadata json.RawMessage `json:"metadata,omitempty"`
	ThreadTS string          `json:"thread_ts,omitempty"`
	// EditedTS is when it was last edited, "" if never.
	EditedTS string `json:"edited_ts,omitempty"`
	// EphemeralTo is the only user who sees it, "" for everybody.
	EphemeralTo string `json:"ephemeral_to,omitempty"`
}

// wire is the message as Slack gives it to an app.
func (s *Server) wire(m *Message, metadata bool) object {
	o := object{
		"type": "message", "user": m.User, "ts": m.TS, "text": m.Text, "team": s.opts.Team.ID,
	}
	if m.User == botUser {
		o["bot_id"], o["app_id"] = botID, appID
	}
	set := func(name string, value json.RawMessage) {
		if value != nil {
			o[name] = value
		}
	}
	set("blocks", m.Blocks)
	set("attachments", m.Attachments)
	if metadata {
		set("metadata", m.Metadata)
	}
	if m.ThreadTS != "" {
		o["thread_ts"] = m.ThreadTS
	}
	if m.EditedTS != "" {
		o["edited"] = object{"user": m.User, "ts": m.EditedTS}
	}
	return o
}

func (s *Server) chatPost(c call) (object, error) {
	channel, err := s.writableLocked(c.arg("channel"))
	if err != nil {
		return nil, err
	}
	m := &Message{Channel: channel.ID, User: botUser, ThreadTS: c.arg("thread_ts")}
	if err := fill(m, c); err != nil {
		return nil, err
	}
	if m.empty() {
		return nil, fail("no_text")
	}
	s.postLocked(m)
	return object{"channel": m.Channel, "ts": m.TS, "message": s.wire(m, true)}, nil
}

func (s *Server) postLocked(m *Message) {
	m.TS = s.tsLocked()
	s.messages[m.Channel] = append(s.messages[m.Channel], m)
	s.changedLocked()
}

// writableLocked finds the channel to post to: a channel the app is in, or the
// direct message of a user.
func (s *Server) writableLocked(id string) (*Channel, error) {
	if u := s.userLocked(id); u != nil {
		if u.Deleted || u.IsBot {
			return nil, fail("channel_not_found")
		}
		return s.openIMLocked(id), nil
	}
	channel := s.channelLocked(id)
	switch {
	case channel == nil:
		return nil, fail("channel_not_found")
	case !channel.AppIsMember && channel.Private:
		return nil, fail("channel_not_found") // what one is not in is not there
	case !channel.AppIsMember:
		return nil, fail("not_in_channel")
	}
	return channel, nil
}

func (m *Message) empty() bool {
	return m.Text == "" && m.Blocks == nil && m.Attachments == nil
}

// fill takes the content from a call. What is not given stays as it was.
func fill(m *Message, c call) error {
	if c.has("text") {
		m.Text = c.arg("text")
	}
	if utf8.RuneCountInString(m.Text) > maxText {
		return fail("msg_too_long")
	}
	if raw := c.arg("blocks"); raw != "" {
		blocks, err := readBlocks([]byte(raw), inMessage)
		if err != nil {
			return fail("invalid_blocks", err.problems...)
		}
		m.Blocks = blocks
		if !c.has("text") {
			m.Text = ""
		}
	}
	if raw := c.arg("attachments"); raw != "" {
		m.Attachments = nonEmpty(raw, "[]")
	}
	if raw := c.arg("metadata"); raw != "" {
		return m.setMetadata(raw)
	}
	return nil
}

func nonEmpty(raw, empty string) json.RawMessage {
	if raw == empty || raw == "null" {
		return nil
	}
	return json.RawMessage(raw)
}

func (m *Message) setMetadata(raw string) error {
	var read struct {
		Type    string          `json:"event_type"`
		Payload json.RawMessage `json:"event_payload"`
	}
	if err := json.Unmarshal([]byte(raw), &read); err != nil {
		return fail("invalid_metadata_format")
	}
	m.Metadata = nil
	if read.Type == "" && (len(read.Payload) == 0 || string(read.Payload) == "null") {
		return nil
	}
	if read.Type == "" || !strings.HasPrefix(string(read.Payload), "{") {
		return fail("invalid_metadata_schema")
	}
	m.Metadata = json.RawMessage(raw)
	return nil
}

func (s *Server) chatUpdate(c call) (object, error) {
	m, err := s.ownMessageLocked(c.arg("channel"), c.arg("ts"), "cant_update_message")
	if err != nil {
		return nil, err
	}
	edited := *m
	if err := fill(&edited, c); err != nil {
		return nil, err
	}
	if edited.empty() {
		return nil, fail("no_text")
	}
	edited.EditedTS = s.tsLocked()
	*m = edited
	s.changedLocked()
	return object{"channel": m.Channel, "ts": m.TS, "text": m.Text, "message": s.wire(m, true)}, nil
}

func (s *Server) chatDelete(c call) (object, error) {
	m, err := s.ownMessageLocked(c.arg("channel"), c.arg("ts"), "cant_delete_message")
	if err != nil {
		return nil, err
	}
	s.removeLocked(m)
	return object{"channel": m.Channel, "ts": m.TS}, nil
}

func (s *Server) removeLocked(m *Message) {
	s.messages[m.Channel] = slices.DeleteFunc(s.messages[m.Channel], func(o *Message) bool { return o == m })
	s.changedLocked()
}

// ownMessageLocked finds a message of the app's that everybody sees; refusal is
// the code where it is somebody else's.
func (s *Server) ownMessageLocked(channelID, ts, refusal string) (*Message, error) {
	channel := s.channelLocked(channelID)
	if channel == nil || !channel.AppIsMember && channel.Private {
		return nil, fail("channel_not_found")
	}
	m := s.messageLocked(channel.ID, ts)
	switch {
	case m == nil || m.EphemeralTo != "":
		return nil, fail("message_not_found")
	case m.User != botUser:
		return nil, fail(refusal)
	}
	return m, nil
}

func (s *Server) messageLocked(channel, ts string) *Message {
	for _, m := range s.messages[channel] {
		if m.TS == ts {
			return m
		}
	}
	return nil
}

func (s *Server) chatEphemeral(c call) (object, error) {
	channel, err := s.writableLocked(c.arg("channel"))
	if err != nil {
		return nil, err
	}
	if !slices.Contains(channel.Members, c.arg("user")) {
		return nil, fail("user_not_in_channel")
	}
	m := &Message{Channel: channel.ID, User: botUser, EphemeralTo: c.arg("user"), ThreadTS: c.arg("thread_ts")}
	if err := fill(m, c); err != nil {
		return nil, err
	}
	if m.empty() {
		return nil, fail("no_text")
	}
	s.postLocked(m)
	return object{"message_ts": m.TS}, nil
}

func (s *Server) chatPermalink(c call) (object, error) {
	channel := s.channelLocked(c.arg("channel"))
	if channel == nil {
		return nil, fail("channel_not_found")
	}
	m := s.messageLocked(channel.ID, c.arg("message_ts"))
	if m == nil || m.EphemeralTo != "" {
		return nil, fail("message_not_found")
	}
	link := fmt.Sprintf("https://%s.slack.com/archives/%s/p%s", s.opts.Team.Domain, channel.ID, strings.ReplaceAll(m.TS, ".", ""))
	return object{"channel": channel.ID, "permalink": link}, nil
}

// Say posts a message as a person.
func (s *Server) Say(user, channelID, text string) (ts string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	channel := s.channelLocked(channelID)
	if channel == nil || !slices.Contains(channel.Members, user) {
		return "", fmt.Errorf("saying something in %q: %s is not in it", channelID, user)
	}
	m := &Message{Channel: channel.ID, User: user, Text: text}
	s.postLocked(m)
	return m.TS, nil
}

// Messages are those of a channel that a user sees, oldest first; none if the
// user is not in it.
func (s *Server) Messages(user, channelID string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	channel := s.channelLocked(channelID)
	if channel == nil || !slices.Contains(channel.Members, user) {
		return nil
	}
	var seen []Message
	for _, m := range s.messages[channel.ID] {
		if m.EphemeralTo == "" || m.EphemeralTo == user {
			seen = append(seen, *m)
		}
	}
	return seen
}

// TimeOf is the moment of a message timestamp, zero if it is none.
func TimeOf(ts string) time.Time {
	var seconds, micros int64
	if n, err := fmt.Sscanf(ts, "%d.%06d", &seconds, &micros); n != 2 || err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, micros*1000)
}
