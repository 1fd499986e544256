package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/deploy/local/slack"
)

// slashCommand is the app's.
const slashCommand = "/powerpole"

// routeActs routes what people do. Who acts is in the cookie.
func (s *Server) routeActs(mux *http.ServeMux) {
	mux.HandleFunc("POST /person", s.switchPerson)
	mux.HandleFunc("POST /slack/submit", s.submit)
	mux.HandleFunc("POST /slack/suggest", s.suggest)
	mux.HandleFunc("POST /instance/kill", s.act(func(r *http.Request, _ string) error {
		return s.opts.AWS.EC2.Kill(r.FormValue("id"))
	}))
	mux.HandleFunc("POST /slack/say", s.act(s.say))
	mux.HandleFunc("POST /slack/home", s.act(func(r *http.Request, user string) error {
		return s.opts.Slack.OpenHome(r.Context(), user)
	}))
	mux.HandleFunc("POST /slack/close", s.act(func(r *http.Request, user string) error {
		return s.opts.Slack.CloseView(r.Context(), user, r.FormValue("view"))
	}))
	mux.HandleFunc("POST /slack/click", s.act(func(r *http.Request, user string) error {
		return s.opts.Slack.ClickButton(r.Context(), user, r.FormValue("channel"), r.FormValue("ts"), r.FormValue("action"), r.FormValue("value"))
	}))
	mux.HandleFunc("POST /slack/act", s.act(func(r *http.Request, user string) error {
		return s.opts.Slack.ActInView(r.Context(), user, r.FormValue("view"), r.FormValue("key"), valueOf(r))
	}))
}

// act does something and says in words what did not work.
func (s *Server) act(do func(r *http.Request, user string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := do(r, s.person(r).ID); err != nil {
			s.refuse(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// refuse says what the Slack client would say.
func (s *Server) refuse(w http.ResponseWriter, err error) {
	if d, ok := errors.AsType[*slack.DeliveryError](err); ok {
		http.Error(w, "PowerPole did not respond: "+d.Error(), http.StatusBadGateway)
		return
	}
	http.Error(w, err.Error(), http.StatusBadRequest)
}

func (s *Server) switchPerson(w http.ResponseWriter, r *http.Request) {
	id := r.FormValue("id")
	if !slices.ContainsFunc(s.people(), func(u slack.User) bool { return u.ID == id }) {
		http.Error(w, "There is nobody of that name.", http.StatusBadRequest)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: personCookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	w.WriteHeader(http.StatusNoContent)
}

// say types a line: a command where it begins with a slash.
func (s *Server) say(r *http.Request, user string) error {
	text := strings.TrimSpace(r.FormValue("text"))
	channel := s.typing(user, r.FormValue("channel"))
	if command, rest, _ := strings.Cut(text, " "); command == slashCommand {
		_, err := s.opts.Slack.SlashCommand(r.Context(), user, channel, command, strings.TrimSpace(rest))
		return err
	}
	if text == "" || strings.HasPrefix(text, "/") {
		return errors.New("there is no such command here; try " + slashCommand)
	}
	_, err := s.opts.Slack.Say(user, channel, text)
	return err
}

// valueOf is the value of a field: a list for those that take several.
func valueOf(r *http.Request) any {
	if r.FormValue("several") == "" {
		return r.FormValue("value")
	}
	values := r.PostForm["value"]
	if values == nil {
		values = []string{}
	}
	return values
}

// submit submits the open modal and answers with the one that is open then.
func (s *Server) submit(w http.ResponseWriter, r *http.Request) {
	user := s.person(r).ID
	// Fields that take several have no value in the form where none is chosen.
	several := strings.Split(r.PostFormValue("several"), " ")
	values := map[string]any{}
	for key, all := range r.PostForm {
		if !strings.Contains(key, "/") {
			continue
		}
		values[key] = all[0]
	}
	for _, key := range several {
		if key != "" {
			values[key] = append([]string{}, r.PostForm[key]...)
		}
	}
	answer, err := s.opts.Slack.SubmitView(r.Context(), user, r.FormValue("view"), values)
	if err != nil {
		s.refuse(w, err)
		return
	}
	v, err := s.modalOf(user, answer.Errors)
	if err != nil {
		s.fail(w, err)
		return
	}
	s.render(w, http.StatusOK, "modal", v)
}

// suggest answers with the options for what was typed.
func (s *Server) suggest(w http.ResponseWriter, r *http.Request) {
	options, err := s.opts.Slack.Suggest(r.Context(), s.person(r).ID, r.FormValue("view"), r.FormValue("key"), r.FormValue("text"))
	if err != nil {
		s.refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(options); err != nil {
		s.opts.Log.Debug("writing suggestions", "error", err) // the browser has gone
	}
}
