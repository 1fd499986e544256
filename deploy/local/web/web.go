// Package web is the page of PowerPole's demo: the Slack workspace that runs in
// this process, the events as they pass, what the embedded AWS and the database
// hold, and the sessions on bastions, in which SQL runs as the granted account.
// It is rendered here; a little JavaScript of its own fetches the parts that
// changed. It is for one person on one machine, so it answers on loopback only.
//
// # Hooks
//
// A browser test can rely on these. Everything else may change.
//
//	[data-person="U0TARO"]                 switches to that person
//	[data-channel="C0SHOPDB"]              opens a channel; "dm" is the app's direct message, "home" its Home tab
//	[data-action="slash"]                  types /powerpole
//	form#modal [name="BLOCK/ACTION"]       a field of the open modal; choices of several are checkboxes with a value
//	button#modal-submit, button#modal-close
//	#messages [data-button="ACTION_ID"]    a button of a message, such as powerpole.approve
//	#home [data-button="ACTION_ID"]        one of the Home tab
//	#events [data-type="Granted"]          an event; data-request is its request
//	#state [data-kill="i-…"]               terminates an instance as somebody else
//	a.session-link                         the link into a session, which opens a tab
//	#session-state[data-state]             starting, open, connected, ended or refused
//	#user #password #connect #sql #run #result #log #end
//
// A field is told to the app when it changes, as Slack does, so a script that
// sets one must fire its change event.
package web

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/deploy/local/slack"
)

//go:embed templates static
var files embed.FS

// defaultLogGroup is where sessions are logged.
const defaultLogGroup = "/powerpole/sessions"

// Account is an account of the database.
type Account struct {
	User, Host string
	Locked     bool
}

// Connection is an open connection to the database.
type Connection struct {
	ID                            uint64
	User, Host, Database, Command string
}

// Database is the server that leases are on. A nil function shows nothing.
type Database struct {
	// Dial connects to it from a bastion's address.
	Dial func(ctx context.Context, from netip.Addr) (net.Conn, error)
	// TLS is what its connections are encrypted with; nil for plain ones.
	TLS *tls.Config
	// Accounts and Connections are what it holds now.
	Accounts    func(ctx context.Context) ([]Account, error)
	Connections func(ctx context.Context) ([]Connection, error)
}

// Options say what the page shows. AWS and Slack are required.
type Options struct {
	AWS      *aws.Stack
	Slack    *slack.Server
	Database Database
	// Feed holds the events that passed; empty where nil.
	Feed *Feed
	// LogGroup is the CloudWatch Logs group that sessions are logged to,
	// /powerpole/sessions where empty.
	LogGroup string
	// Log takes what could not be shown; nothing where nil.
	Log *slog.Logger
}

// Server is the page. It is an http.Handler, and safe for concurrent use.
type Server struct {
	opts      Options
	token     string // what a POST must bear
	templates *template.Template
	handler   http.Handler

	mu       sync.Mutex
	sessions map[string]*session // by instance, the latest
}

// New returns the page. It refuses options without AWS or Slack.
func New(o Options) (*Server, error) {
	if o.AWS == nil || o.Slack == nil {
		return nil, errors.New("making the page: AWS and Slack are required")
	}
	if o.Feed == nil {
		o.Feed = NewFeed(1)
	}
	if o.LogGroup == "" {
		o.LogGroup = defaultLogGroup
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	t, err := template.New("").Funcs(functions()).ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("reading the page's templates: %w", err)
	}
	s := &Server{opts: o, token: rand.Text(), templates: t, sessions: map[string]*session{}}
	s.handler = s.guard(s.routes())
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close ends the sessions that are open.
func (s *Server) Close() {
	s.mu.Lock()
	var open []*session
	for _, ss := range s.sessions {
		open = append(open, ss)
	}
	s.mu.Unlock()
	for _, ss := range open {
		s.end(ss)
	}
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /static/", http.FileServerFS(files))
	mux.HandleFunc("GET /{$}", s.showPage)
	mux.HandleFunc("GET /live", s.live)
	for name, show := range map[string]func(*http.Request) (any, error){
		"slack":  func(r *http.Request) (any, error) { return s.workspace(r), nil },
		"modal":  s.modal,
		"events": func(*http.Request) (any, error) { return s.opts.Feed.entries(), nil },
		"state":  func(r *http.Request) (any, error) { return s.state(r.Context()), nil },
	} {
		mux.HandleFunc("GET /fragment/"+name, s.fragment(name, show))
	}
	s.routeActs(mux)
	s.routeSessions(mux)
	return mux
}
