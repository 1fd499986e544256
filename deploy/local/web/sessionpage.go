package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/powerpole/powerpole/deploy/local/aws/ec2"
	"github.com/powerpole/powerpole/deploy/local/aws/logs"
	"github.com/powerpole/powerpole/deploy/local/slack"
)

// sessionPath is where sessions are; the catalog's session_url points here.
const sessionPath = "/session/"

// sessionPage is a session as its page shows it.
type sessionPage struct {
	Token, Instance, Address, ID string
	Person                       slack.User
	// State is starting, open, connected, ended or refused; Note says more.
	State, Note, Account string
	// Again says that another session can start.
	Again    bool
	Log      []logs.Event
	LogGroup string
}

func (s *Server) routeSessions(mux *http.ServeMux) {
	mux.HandleFunc("GET /session/{instance}", s.showSession("session", http.StatusForbidden))
	mux.HandleFunc("GET /session/{instance}/status", s.showSession("session-status", http.StatusOK))
	mux.HandleFunc("POST /session/{instance}/start", s.sessionAct(s.startSession))
	mux.HandleFunc("POST /session/{instance}/connect", s.sessionAct(s.connectSession))
	mux.HandleFunc("POST /session/{instance}/run", s.runStatement)
	mux.HandleFunc("POST /session/{instance}/end", s.sessionAct(func(_ *http.Request, ss *session) error {
		if ss != nil {
			s.end(ss)
		}
		return nil
	}))
}

func (s *Server) showSession(name string, refused int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := s.sessionOf(r)
		status := http.StatusOK
		if p.State == "refused" {
			status = refused
		}
		s.render(w, status, name, p)
	}
}

func (s *Server) sessionOf(r *http.Request) sessionPage {
	p := sessionPage{Token: s.token, Instance: r.PathValue("instance"), Person: s.person(r), LogGroup: s.opts.LogGroup}
	instance, from, err := s.mayOpen(r)
	if err != nil {
		p.State, p.Note = "refused", sentence(err)
		return p
	}
	p.Address = from.String()
	ss := s.current(instance)
	if ss == nil {
		p.State, p.Note = s.beforeSession(instance)
		return p
	}
	p.ID, p.Log = ss.ssm.ID(), s.logged(ss)
	p.State, p.Note = "open", "Log in with the user and password from PowerPole's direct message."
	if conn, user := ss.connection(); conn != nil {
		p.State, p.Account, p.Note = "connected", user+"@"+p.Address, ""
	}
	if why := ss.why(); why != "" {
		p.State, p.Note, p.Again = "ended", why, s.opts.AWS.SSM.Connected(instance)
	}
	return p
}

func (s *Server) beforeSession(instance string) (state, note string) {
	i, _ := s.opts.AWS.EC2.Instance(instance)
	switch {
	case s.opts.AWS.SSM.Connected(instance):
		return "starting", "Starting the session…"
	case i.State == ec2.Pending || i.State == ec2.Running:
		return "starting", "The bastion is starting; its agent has not connected yet."
	}
	return "ended", "The bastion no longer runs."
}

// sentence is an error as a sentence.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// sessionAct does something with a session for its owner, and answers with its
// state.
func (s *Server) sessionAct(do func(*http.Request, *session) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		instance, _, err := s.mayOpen(r)
		if err != nil {
			http.Error(w, sentence(err), http.StatusForbidden)
			return
		}
		if err := do(r, s.current(instance)); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		s.render(w, http.StatusOK, "session-status", s.sessionOf(r))
	}
}

func (s *Server) startSession(r *http.Request, _ *session) error {
	instance, from, err := s.mayOpen(r)
	if err != nil {
		return err
	}
	_, err = s.begin(r.Context(), instance, s.person(r).Name, from)
	return err
}

func (s *Server) connectSession(r *http.Request, ss *session) error {
	if ss == nil || !ss.open() {
		return errOver
	}
	ss.quiet.Reset(idle)
	user := strings.TrimSpace(r.PostFormValue("user"))
	if user == "" {
		return errors.New("type the user that PowerPole's direct message names")
	}
	from := ss.from.String()
	if err := s.connect(r.Context(), ss, user, r.PostFormValue("password")); err != nil {
		// Nothing that was typed is logged: who mixes up the fields has typed the
		// password as the user, and MySQL's text repeats it.
		line := fmt.Sprintf("login from %s refused: %s", from, code(err))
		return errors.Join(errors.New(explain(err)), s.note(context.WithoutCancel(r.Context()), ss, line))
	}
	return s.note(r.Context(), ss, fmt.Sprintf("logged in as %s from %s", user, from))
}

// runStatement logs a statement, runs it, and logs what became of it. What
// cannot be logged does not run.
func (s *Server) runStatement(w http.ResponseWriter, r *http.Request) {
	res, err := s.statement(r)
	switch {
	case errors.Is(err, errNotYours), errors.Is(err, errNoBox):
		http.Error(w, sentence(err), http.StatusForbidden)
	case err != nil:
		http.Error(w, sentence(err), http.StatusConflict)
	default:
		s.render(w, http.StatusOK, "result", res)
	}
}

func (s *Server) statement(r *http.Request) (result, error) {
	instance, _, err := s.mayOpen(r)
	if err != nil {
		return result{}, err
	}
	ss, statement := s.current(instance), strings.TrimSpace(r.PostFormValue("sql"))
	if ss == nil || !ss.open() {
		return result{}, errOver
	}
	conn, user := ss.connection()
	if conn == nil {
		return result{}, errNoSQL
	}
	if statement == "" {
		return result{}, errors.New("type a statement first")
	}
	ss.quiet.Reset(idle)
	if err := s.note(r.Context(), ss, user+"> "+statement); err != nil {
		return result{}, err
	}
	res := run(r.Context(), conn, statement)
	after := res.Summary
	if res.Error != "" {
		after = ss.clean(res.Error) // what MySQL quotes was typed
	}
	if lost(conn) {
		ss.disconnect()
		ss.quiet.Reset(idle)
	}
	return res, s.note(context.WithoutCancel(r.Context()), ss, after)
}
