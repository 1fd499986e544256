// Package ssm is Systems Manager as far as bastions need it: which instances
// can be reached by Session Manager, and the sessions on them. A session is a
// record and a context that ends with it; the data channel behind StreamUrl
// is not served here, whoever shows a session to a person reads Session.
package ssm

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// Instances knows the machines that sessions run on. The embedded EC2 is one.
type Instances interface {
	// Running returns since when an instance runs, and a context that ends
	// when it no longer does; false for every other instance.
	Running(id string) (running context.Context, since time.Time, ok bool)
	// RunningIDs returns the running instances.
	RunningIDs() []string
}

// Options say how the embedded SSM behaves.
type Options struct {
	// Instances are the machines; required.
	Instances Instances
	// Owner is the ARN that sessions started over the wire belong to,
	// arn:aws:iam::000000000000:user/powerpole where empty.
	Owner string
	// AgentDelay is how long an instance runs before its agent connects.
	AgentDelay time.Duration
	// MaxSession is the longest a session lasts, as the session document
	// says it. Zero means without end, which is AWS's default.
	MaxSession time.Duration
	// Documents are session documents of one's own, besides AWS's.
	Documents []string
	// StreamURL is what StreamUrl begins with; AWS's own where empty.
	StreamURL string
}

// documents are AWS's session documents.
var documents = []string{
	"SSM-SessionManagerRunShell", "AWS-StartInteractiveCommand", "AWS-StartNonInteractiveCommand",
	"AWS-StartSSHSession", "AWS-StartPortForwardingSession", "AWS-StartPortForwardingSessionToRemoteHost",
}

// Server is one region's SSM. It is safe for concurrent use.
type Server struct {
	opts Options
	json *wire.JSON

	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	seq      int
	sessions map[string]*Session
	mute     map[string]bool
	allMute  bool
}

// New returns an SSM without sessions. It refuses options without Instances.
func New(o Options) (*Server, error) {
	if o.Instances == nil {
		return nil, errors.New("starting SSM: Instances is missing")
	}
	if o.Owner == "" {
		o.Owner = "arn:aws:iam::000000000000:user/powerpole"
	}
	if o.StreamURL == "" {
		o.StreamURL = "wss://ssmmessages.us-east-1.amazonaws.com/v1/data-channel"
	}
	o.Documents = append(slices.Clone(documents), o.Documents...)
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		opts: o, json: wire.NewJSON("SSM", "1.1").Strict(), ctx: ctx, cancel: cancel,
		sessions: map[string]*Session{}, mute: map[string]bool{},
	}
	wire.Handle(s.json, "DescribeInstanceInformation", s.describeInstanceInformation)
	wire.Handle(s.json, "GetConnectionStatus", s.getConnectionStatus)
	wire.Handle(s.json, "StartSession", s.startSession)
	wire.Handle(s.json, "TerminateSession", s.terminateSession)
	wire.Handle(s.json, "DescribeSessions", s.describeSessions)
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.json.ServeHTTP(w, r) }

// Close ends every session.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ss := range s.sessions {
		s.finish(ss, context.Canceled)
	}
	s.cancel()
}

// SetAgent says whether the agent of an instance ever connects. It does
// unless told otherwise.
func (s *Server) SetAgent(instance string, connects bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute[instance] = !connects
}

// SetAgents is SetAgent for every instance that was not set on its own.
func (s *Server) SetAgents(connect bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.allMute = !connect
}

// Connected is whether a session can start on the instance now.
func (s *Server) Connected(instance string) bool {
	_, ok := s.reach(instance)
	return ok
}

// reach returns the life of an instance whose agent is connected.
func (s *Server) reach(instance string) (context.Context, bool) {
	running, since, ok := s.opts.Instances.Running(instance)
	if !ok || time.Since(since) < s.opts.AgentDelay {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	mute, set := s.mute[instance]
	if !set {
		mute = s.allMute
	}
	return running, !mute
}
