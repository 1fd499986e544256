package slack

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxBody is more than any method takes.
const maxBody = 1 << 20

// object is a JSON object.
type object = map[string]any

// method is a Web API method: what scope it needs ("" for none), whether it
// wants the app's token instead of the bot's, and what it does. It runs with
// the lock held.
type method struct {
	scope    string
	appToken bool
	run      func(call) (object, error)
}

func (s *Server) table() map[string]method {
	return map[string]method{
		"apps.connections.open": {appToken: true, run: s.connectionsOpen},
		"auth.test":             {run: s.authTest},
		"chat.delete":           {scope: "chat:write", run: s.chatDelete},
		"chat.getPermalink":     {run: s.chatPermalink},
		"chat.postEphemeral":    {scope: "chat:write", run: s.chatEphemeral},
		"chat.postMessage":      {scope: "chat:write", run: s.chatPost},
		"chat.update":           {scope: "chat:write", run: s.chatUpdate},
		"conversations.history": {run: s.history},
		"conversations.info":    {run: s.conversationInfo},
		"conversations.members": {run: s.conversationMembers},
		"conversations.open":    {scope: "im:write", run: s.conversationOpen},
		"conversations.replies": {run: s.replies},
		"usergroups.list":       {scope: "usergroups:read", run: s.groupsList},
		"usergroups.users.list": {scope: "usergroups:read", run: s.groupUsers},
		"users.info":            {scope: "users:read", run: s.userInfo},
		"users.list":            {scope: "users:read", run: s.usersList},
		"users.lookupByEmail":   {scope: "users:read.email", run: s.userByEmail},
		"users.profile.get":     {scope: "users:read", run: s.userProfile},
		"views.open":            {run: s.viewsOpen},
		"views.publish":         {run: s.viewsPublish},
		"views.push":            {run: s.viewsPush},
		"views.update":          {run: s.viewsUpdate},
	}
}

// apiError is an answer with ok false. Slack gives it with status 200.
type apiError struct {
	code     string
	messages []string // response_metadata.messages
	needed   string   // of missing_scope
}

func (e *apiError) Error() string { return e.code }

func fail(code string, messages ...string) error { return &apiError{code: code, messages: messages} }

// call is one call of a method: its arguments, from a form or from JSON, as
// strings; objects and arrays stay JSON.
type call struct {
	args map[string]string
	host string
}

func (c call) arg(name string) string { return c.args[name] }

func (c call) has(name string) bool { _, ok := c.args[name]; return ok }

func (c call) flag(name string) bool {
	v := c.args[name]
	return v == "1" || v == "true"
}

func (c call) number(name string, otherwise int) int {
	if n, err := strconv.Atoi(c.args[name]); err == nil && n > 0 {
		return n
	}
	return otherwise
}

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	if f := s.takeFault(name); f != nil && f.write(w) {
		return
	} else if f != nil {
		writeRaw(w, s.encodeAPI(nil, fail(f.code)))
		return
	}
	m, ok := s.methods[name]
	if !ok {
		writeRaw(w, s.encodeAPI(nil, fail("unknown_method")))
		return
	}
	c, err := readCall(w, r)
	if err == nil {
		err = s.authorize(r, c, m)
	}
	if err != nil {
		writeRaw(w, s.encodeAPI(nil, err))
		return
	}
	w.Header().Set("X-OAuth-Scopes", strings.Join(s.opts.Scopes, ","))
	writeRaw(w, s.perform(m, c))
}

// perform runs a method and encodes its answer, both under the lock: the answer
// still refers to what other calls change.
func (s *Server) perform(m method, c call) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer, err := m.run(c)
	return s.encodeAPI(answer, err)
}

func readCall(w http.ResponseWriter, r *http.Request) (call, error) {
	c := call{args: map[string]string{}, host: r.Host}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return c, readJSON(r.Body, c.args)
	}
	if err := r.ParseForm(); err != nil {
		return c, fail("invalid_form_data")
	}
	for name, values := range r.Form {
		c.args[name] = values[0]
	}
	return c, nil
}

func readJSON(body io.Reader, args map[string]string) error {
	raw := map[string]json.RawMessage{}
	if err := json.NewDecoder(body).Decode(&raw); err != nil && err != io.EOF {
		return fail("invalid_json")
	}
	for name, value := range raw {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		if text != "null" {
			args[name] = text
		}
	}
	return nil
}

func (s *Server) authorize(r *http.Request, c call, m method) error {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		token = c.arg("token")
	}
	want, other := s.opts.BotToken, s.opts.AppToken
	if m.appToken {
		want, other = other, want
	}
	switch {
	case token == "":
		return fail("not_authed")
	case same(token, other):
		return fail("not_allowed_token_type")
	case !same(token, want):
		return fail("invalid_auth")
	}
	return s.scope(m.scope)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// scope refuses what the bot token was not given.
func (s *Server) scope(needed string) error {
	if needed == "" || slices.Contains(s.opts.Scopes, needed) {
		return nil
	}
	return &apiError{code: "missing_scope", needed: needed}
}

func (s *Server) encodeAPI(answer object, err error) []byte {
	if answer == nil {
		answer = object{}
	}
	answer["ok"] = err == nil
	if e, ok := errors.AsType[*apiError](err); ok {
		answer["error"] = e.code
		if len(e.messages) > 0 {
			answer["response_metadata"] = object{"messages": e.messages}
		}
		if e.needed != "" {
			answer["needed"], answer["provided"] = e.needed, strings.Join(s.opts.Scopes, ",")
		}
	}
	raw, merr := json.Marshal(answer)
	if merr != nil {
		return []byte(`{"ok":false,"error":"internal_error"}`)
	}
	return raw
}

func writeRaw(w http.ResponseWriter, raw []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	// The client has gone if this fails.
	_, _ = w.Write(raw)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// fault is a misbehaviour that was asked for.
type fault struct {
	left       int
	status     int
	retryAfter time.Duration
	code       string
}

// write answers with a status other than 200, and says whether it has.
func (f *fault) write(w http.ResponseWriter) bool {
	if f.status == http.StatusOK {
		return false
	}
	if f.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.retryAfter.Round(time.Second)/time.Second)))
	}
	writeJSON(w, f.status, object{"ok": false, "error": f.code})
	return true
}

// SetRateLimit makes the next n calls of a method answer 429 with Retry-After,
// in whole seconds.
func (s *Server) SetRateLimit(name string, n int, retryAfter time.Duration) {
	s.addFault(name, &fault{left: n, status: http.StatusTooManyRequests, retryAfter: retryAfter, code: "ratelimited"})
}

// SetStatus makes the next n calls of a method answer with an HTTP status such
// as 503.
func (s *Server) SetStatus(name string, n, status int) {
	s.addFault(name, &fault{left: n, status: status, code: "fatal_error"})
}

// SetError makes the next n calls of a method answer 200 with ok false and a
// code such as plan_upgrade_required.
func (s *Server) SetError(name string, n int, code string) {
	s.addFault(name, &fault{left: n, status: http.StatusOK, code: code})
}

func (s *Server) addFault(name string, f *fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[name] = append(s.faults[name], f)
}

func (s *Server) takeFault(name string) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.faults[name]) > 0 {
		f := s.faults[name][0]
		if f.left > 0 {
			f.left--
			return f
		}
		s.faults[name] = s.faults[name][1:]
	}
	return nil
}

func (s *Server) authTest(call) (object, error) {
	return object{
		"url": fmt.Sprintf("https://%s.slack.com/", s.opts.Team.Domain), "team": s.opts.Team.Name, "team_id": s.opts.Team.ID,
		"user": "powerpole", "user_id": botUser, "bot_id": botID, "app_id": appID,
		"enterprise_id": s.opts.Enterprise.ID, "is_enterprise_install": false,
	}, nil
}
