package web

import (
	"bytes"
	"errors"
	"html/template"
	"net/http"
	"strings"
	"time"
)

// errUnchanged says that what the browser shows is still right.
var errUnchanged = errors.New("nothing has changed")

func functions() template.FuncMap {
	return template.FuncMap{
		"clock":    func(t time.Time) string { return t.Local().Format("15:04:05") },
		"rfc3339":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"initials": initials,
		"short":    func(source string) string { return source[strings.LastIndex(source, ".")+1:] },
	}
}

// initials are the first letters of the first two words of a name.
func initials(name string) string {
	var out []rune
	for _, word := range strings.Fields(name) {
		if r := []rune(word); len(out) < 2 {
			out = append(out, r[0])
		}
	}
	return string(out)
}

// page is everything at once.
type page struct {
	Token     string
	Workspace workspace
	Modal     any
	Events    []entry
	State     state
}

func (s *Server) showPage(w http.ResponseWriter, r *http.Request) {
	modal, err := s.modalOf(s.person(r).ID, nil)
	if err != nil {
		s.fail(w, err)
		return
	}
	s.render(w, http.StatusOK, "page", page{
		Token: s.token, Workspace: s.workspace(r), Modal: modal,
		Events: s.opts.Feed.entries(), State: s.state(r.Context()),
	})
}

// fragment serves a part of the page.
func (s *Server) fragment(name string, show func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		data, err := show(r)
		switch {
		case errors.Is(err, errUnchanged):
			w.WriteHeader(http.StatusNoContent)
		case err != nil:
			s.fail(w, err)
		default:
			s.render(w, http.StatusOK, name, data)
		}
	}
}

// render writes a template whole or not at all.
func (s *Server) render(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if err := s.templates.ExecuteTemplate(&b, name, data); err != nil {
		s.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the browser has gone
}

// fail tells the log what went wrong, and the browser only that something did.
func (s *Server) fail(w http.ResponseWriter, err error) {
	s.opts.Log.Error("showing the page", "error", err)
	http.Error(w, "Something went wrong here; the log says what.", http.StatusInternalServerError)
}
