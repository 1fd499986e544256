package slack

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// A response URL can be used five times within 30 minutes.
const (
	responseUses = 5
	responseLife = 30 * time.Minute
)

// responseURL is a way for the app to answer what a person did, without a
// token.
type responseURL struct {
	channel, user string
	original      string // the message that was clicked, "" after a command
	uses          int
	expires       time.Time
}

func (s *Server) responseLocked(what string, r *responseURL) string {
	r.expires = time.Now().Add(responseLife)
	id := what + "-" + secret()
	s.responses[id] = r
	return s.baseURL + "/response/" + id
}

func (s *Server) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "invalid_payload", http.StatusRequestEntityTooLarge)
		return
	}
	if code := s.respond(r.PathValue("id"), body); code != "" {
		writeJSON(w, http.StatusNotFound, object{"ok": false, "error": code})
		return
	}
	_, _ = io.WriteString(w, "ok")
}

// respond does what was posted to a response URL; code is Slack's error.
func (s *Server) respond(id string, body []byte) (code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.responses[id]
	switch {
	case r == nil || time.Now().After(r.expires):
		return "expired_url"
	case r.uses >= responseUses:
		return "used_url"
	}
	r.uses++
	if _, err := s.answerLocked(r, body); err != nil {
		if e, ok := err.(*apiError); ok {
			return e.code
		}
		return "invalid_payload"
	}
	return ""
}

// answerLocked does what an answer to a command, or a post to a response URL,
// says: a message for the person alone unless it says in_channel, or a change of
// the message that was clicked.
func (s *Server) answerLocked(r *responseURL, body []byte) (*Message, error) {
	args := map[string]string{}
	if !json.Valid(body) || !strings.HasPrefix(strings.TrimSpace(string(body)), "{") {
		args["text"] = string(body)
	} else if err := readJSON(strings.NewReader(string(body)), args); err != nil {
		return nil, err
	}
	c := call{args: args}
	original := s.messageLocked(r.channel, r.original)
	if c.flag("delete_original") && original != nil {
		s.removeLocked(original)
		return nil, nil
	}
	if c.flag("replace_original") && original != nil {
		changed := *original
		if err := fill(&changed, c); err != nil {
			return nil, err
		}
		changed.EditedTS = s.tsLocked()
		*original = changed
		s.changedLocked()
		return &changed, nil
	}
	m := &Message{Channel: r.channel, User: botUser, ThreadTS: c.arg("thread_ts")}
	if c.arg("response_type") != "in_channel" {
		m.EphemeralTo = r.user
	}
	if err := fill(m, c); err != nil {
		return nil, err
	}
	if m.empty() {
		return nil, fail("no_text")
	}
	s.postLocked(m)
	sent := *m
	return &sent, nil
}
