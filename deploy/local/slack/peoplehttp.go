package slack

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// The /_people/ endpoints let other processes act as people and look at what
// they see. They take and give JSON and want PeopleToken as a bearer token.
//
//	POST command  {user, channel, command, text}          → the answer's message, or null
//	POST click    {user, channel, ts, action, value}      → {}
//	POST submit   {user, view, values}                    → ViewAnswer
//	POST act      {user, view, action, value}             → {}
//	POST suggest  {user, view, action, text}              → [Option]
//	POST close    {user, view}                            → {}
//	POST home     {user}                                  → {}
//	POST say      {user, channel, text}                   → {ts}
//	GET  users, channels                                  → what Users and Channels give
//	GET  messages?user=&channel=                          → [Message]; channel "dm" is the app's direct message
//	GET  view?user=, home?user=                           → the view, or null
//
// What a person cannot do is 400, an app that does not answer 502, both with
// {error}.

// personAct is the body of any of the POSTs.
type personAct struct {
	User    string         `json:"user"`
	Channel string         `json:"channel"`
	Command string         `json:"command"`
	Text    string         `json:"text"`
	TS      string         `json:"ts"`
	Action  string         `json:"action"`
	View    string         `json:"view"`
	Value   any            `json:"value"`
	Values  map[string]any `json:"values"`
}

func (s *Server) routePeople(mux *http.ServeMux) {
	post := func(name string, do func(*http.Request, personAct) (any, error)) {
		mux.HandleFunc("POST /_people/"+name, s.people(func(r *http.Request) (any, error) {
			var a personAct
			if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxBody)).Decode(&a); err != nil {
				return nil, err
			}
			return do(r, a)
		}))
	}
	get := func(name string, look func(user, channel string) any) {
		mux.HandleFunc("GET /_people/"+name, s.people(func(r *http.Request) (any, error) {
			return look(r.FormValue("user"), r.FormValue("channel")), nil
		}))
	}
	s.postPeople(post)
	get("users", func(string, string) any { return s.Users() })
	get("channels", func(string, string) any { return s.Channels() })
	get("view", func(user, _ string) any { return s.OpenView(user) })
	get("home", func(user, _ string) any { return s.HomeView(user) })
	get("messages", func(user, channel string) any {
		if channel == "dm" {
			channel = s.DirectMessage(user)
		}
		return append([]Message{}, s.Messages(user, channel)...)
	})
}

func (s *Server) postPeople(post func(string, func(*http.Request, personAct) (any, error))) {
	post("command", func(r *http.Request, a personAct) (any, error) {
		return s.SlashCommand(r.Context(), a.User, a.Channel, a.Command, a.Text)
	})
	post("click", func(r *http.Request, a personAct) (any, error) {
		value, _ := a.Value.(string)
		return object{}, s.ClickButton(r.Context(), a.User, a.Channel, a.TS, a.Action, value)
	})
	post("submit", func(r *http.Request, a personAct) (any, error) {
		return s.SubmitView(r.Context(), a.User, a.View, a.Values)
	})
	post("act", func(r *http.Request, a personAct) (any, error) {
		return object{}, s.ActInView(r.Context(), a.User, a.View, a.Action, a.Value)
	})
	post("suggest", func(r *http.Request, a personAct) (any, error) {
		return s.Suggest(r.Context(), a.User, a.View, a.Action, a.Text)
	})
	post("close", func(r *http.Request, a personAct) (any, error) {
		return object{}, s.CloseView(r.Context(), a.User, a.View)
	})
	post("home", func(r *http.Request, a personAct) (any, error) {
		return object{}, s.OpenHome(r.Context(), a.User)
	})
	post("say", func(_ *http.Request, a personAct) (any, error) {
		ts, err := s.Say(a.User, a.Channel, a.Text)
		return object{"ts": ts}, err
	})
}

// people checks the token and turns errors into statuses.
func (s *Server) people(do func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || !same(token, s.opts.PeopleToken) {
			writeJSON(w, http.StatusUnauthorized, object{"error": "not authorized"})
			return
		}
		answer, err := do(r)
		if err == nil {
			writeJSON(w, http.StatusOK, answer)
			return
		}
		status := http.StatusBadRequest
		if _, ok := errors.AsType[*DeliveryError](err); ok {
			status = http.StatusBadGateway
		}
		writeJSON(w, status, object{"error": err.Error()})
	}
}
