// Package slack is a Slack workspace that runs in this process: the Web API as
// github.com/slack-go/slack calls it, Socket Mode, response URLs, and people
// who use the workspace, whose commands, clicks and forms are sent to the app
// signed exactly as Slack signs them.
//
// It does not build on slack-go's slacktest: that answers most methods with
// fixed text, checks no token, keeps no messages, knows no views, always is
// the same user, and opens a port of its own, so nothing of it would be left.
package slack

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options configure a workspace. The zero value is a small company, see
// DefaultUsers, with random tokens.
type Options struct {
	Team       Team
	Enterprise Enterprise // zero: the workspace belongs to no organisation
	Users      []User
	Channels   []Channel
	UserGroups []UserGroup
	// BotToken (xoxb-…), AppToken (xapp-…) and SigningSecret are the app's.
	// Default: random.
	BotToken, AppToken, SigningSecret string
	// PeopleToken protects the /_people/ endpoints. Default: random.
	PeopleToken string
	// Scopes are what the bot token may do. Default: what PowerPole asks for,
	// see DefaultScopes; im:history is not among them.
	Scopes []string
	// BaseURL is how others reach this server, without a trailing slash; it
	// can be set later with SetBaseURL. Default: http://slack.local, which
	// only Client reaches.
	BaseURL string
}

// The app as the workspace knows it.
const (
	appID   = "A0POWERPOLE"
	botID   = "B0POWERPOLE"
	botUser = "U0POWERPOLE"
)

// DefaultScopes are those that PowerPole's bot token has.
func DefaultScopes() []string {
	return []string{
		"commands", "chat:write", "im:write", "channels:read", "channels:history", "groups:read", "groups:history",
		"users:read", "users:read.email", "usergroups:read",
	}
}

func (o *Options) setDefaults() {
	o.Team = cmp.Or(o.Team, Team{ID: "T0NIMBUS", Name: "Nimbus", Domain: "nimbus"})
	if o.Users == nil {
		o.Users = DefaultUsers(o.Team.ID)
	}
	if o.Channels == nil {
		o.Channels = DefaultChannels()
	}
	if o.UserGroups == nil {
		o.UserGroups = DefaultUserGroups()
	}
	if o.Scopes == nil {
		o.Scopes = DefaultScopes()
	}
	o.BotToken = cmp.Or(o.BotToken, "xoxb-"+secret())
	o.AppToken = cmp.Or(o.AppToken, "xapp-1-"+secret())
	o.SigningSecret = cmp.Or(o.SigningSecret, secret())
	o.PeopleToken = cmp.Or(o.PeopleToken, secret())
	o.BaseURL = strings.TrimSuffix(cmp.Or(o.BaseURL, "http://slack.local"), "/")
}

func secret() string { return strings.ToLower(rand.Text()) }

// Server is a running workspace.
type Server struct {
	opts    Options
	mux     *http.ServeMux
	methods map[string]method
	sockets sockets

	mu        sync.Mutex // guards what follows; never held across a call out
	baseURL   string
	intake    Intake
	users     []*User
	channels  []*Channel
	groups    []*UserGroup
	lastTS    int64 // microseconds
	serial    int
	messages  map[string][]*Message // by channel, in order
	views     map[string]*view
	stacks    map[string][]string // user → open modals, the top last
	homes     map[string]string   // user → view
	triggers  map[string]*trigger
	responses map[string]*responseURL
	faults    map[string][]*fault
	watchers  map[chan struct{}]bool
}

// New makes a workspace. Serve Handler where the app can reach it, or give the
// app Client.
func New(opts Options) *Server {
	opts.setDefaults()
	s := &Server{
		opts: opts, baseURL: opts.BaseURL,
		messages: map[string][]*Message{}, views: map[string]*view{},
		stacks: map[string][]string{}, homes: map[string]string{},
		triggers: map[string]*trigger{}, responses: map[string]*responseURL{},
		faults: map[string][]*fault{}, watchers: map[chan struct{}]bool{},
	}
	s.users = []*User{{
		ID: botUser, TeamID: opts.Team.ID, Name: "powerpole", RealName: "PowerPole", TZ: "UTC", Locale: "en-US", IsBot: true,
	}}
	for _, u := range opts.Users {
		s.SetUser(u)
	}
	for _, c := range opts.Channels {
		s.SetChannel(c)
	}
	for _, g := range opts.UserGroups {
		s.SetUserGroup(g)
	}
	s.methods = s.table()
	s.sockets.init()
	s.mux = s.routes()
	return s
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.serveAPI)
	mux.HandleFunc("POST /response/{id}", s.serveResponseURL)
	mux.HandleFunc("GET /link/{ticket}", s.serveSocket)
	s.routePeople(mux)
	return mux
}

// Handler serves the Web API below /api/, response URLs, Socket Mode and the
// /_people/ endpoints.
func (s *Server) Handler() http.Handler { return s.mux }

// Client is an HTTP client whose requests, whatever their host, this workspace
// answers in process, each in a goroutine of its own.
func (s *Server) Client() *http.Client {
	return &http.Client{Transport: inProcess{s.mux}}
}

// APIURL is what slack.OptionAPIURL is to be given.
func (s *Server) APIURL() string { return s.base() + "/api/" }

// SetBaseURL says how others reach this server; response URLs begin with it.
func (s *Server) SetBaseURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.baseURL = strings.TrimSuffix(url, "/")
}

func (s *Server) base() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.baseURL
}

// Tokens are the app's credentials in this workspace.
type Tokens struct {
	Bot, App, SigningSecret, People string
}

// Tokens returns the credentials, those made up at the start included.
func (s *Server) Tokens() Tokens {
	return Tokens{s.opts.BotToken, s.opts.AppToken, s.opts.SigningSecret, s.opts.PeopleToken}
}

// Close ends all Socket Mode connections and waits for them.
func (s *Server) Close() { s.sockets.close() }

// Subscribe gives a channel that has something to receive whenever anything has
// changed since the last receive, and a function that ends that.
func (s *Server) Subscribe() (changed <-chan struct{}, stop func()) {
	ch := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers[ch] = true
	return ch, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, ch)
	}
}

// changedLocked tells the watchers; those that have not looked yet know
// already.
func (s *Server) changedLocked() {
	for ch := range s.watchers {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// idLocked makes an id with Slack's leading letter.
func (s *Server) idLocked(letter string) string {
	s.serial++
	return fmt.Sprintf("%s0PP%06d", letter, s.serial)
}

// tsLocked is a message timestamp: unique in the workspace, and increasing.
func (s *Server) tsLocked() string {
	s.lastTS = max(s.lastTS+1, time.Now().UnixMicro())
	return fmt.Sprintf("%d.%06d", s.lastTS/1e6, s.lastTS%1e6)
}
