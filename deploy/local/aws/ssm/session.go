package ssm

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// Why a session ended, as the cause of its context.
var (
	// ErrTerminated is the end by TerminateSession.
	ErrTerminated = errors.New("the session was terminated")
	// ErrInstanceGone is the end of the machine.
	ErrInstanceGone = errors.New("the session's instance no longer runs")
	// ErrTooLong is the end by Options.MaxSession.
	ErrTooLong = errors.New("the session has lasted as long as it may")
)

// keepSession is how long Session Manager remembers a session that ended.
const keepSession = 30 * 24 * time.Hour

// Start is what a session is started with.
type Start struct {
	// Target is the instance.
	Target string
	// Owner is the ARN of the person; Options.Owner where empty.
	Owner string
	// Document is the session document, AWS's default where empty.
	Document string
	Reason   string
}

// Info is a session as it stood when it was asked for.
type Info struct {
	ID string
	Start
	StartedAt time.Time
	// EndedAt is zero while the session lasts.
	EndedAt time.Time
}

// Session is one session.
type Session struct {
	info    Info
	seq     int
	ctx     context.Context
	cancel  context.CancelCauseFunc
	running context.Context
	release []func() bool
}

// ID is the session's id.
func (ss *Session) ID() string { return ss.info.ID }

// Target is the instance it runs on.
func (ss *Session) Target() string { return ss.info.Target }

// Owner is the ARN of who started it.
func (ss *Session) Owner() string { return ss.info.Owner }

// Context ends with the session; its cause says why: ErrTerminated,
// ErrInstanceGone, ErrTooLong, or context.Canceled where SSM was closed.
func (ss *Session) Context() context.Context { return ss.ctx }

// Start starts a session. The error has AWS's code TargetNotConnected where
// none can start now, InvalidDocument for an unknown document.
func (s *Server) Start(in Start) (*Session, error) {
	if in.Owner == "" {
		in.Owner = s.opts.Owner
	}
	if in.Document == "" {
		in.Document = documents[0]
	}
	if !slices.Contains(s.opts.Documents, in.Document) {
		return nil, wire.Errorf("InvalidDocument", "Document with name %s does not exist.", in.Document)
	}
	running, ok := s.reach(in.Target)
	if !ok {
		return nil, wire.Errorf("TargetNotConnected", "%s is not connected.", in.Target)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open(in, running), nil
}

func (s *Server) open(in Start, running context.Context) *Session {
	s.seq++
	ss := &Session{seq: s.seq, running: running, info: Info{ID: sessionID(in.Owner), Start: in, StartedAt: time.Now().UTC()}}
	ss.ctx, ss.cancel = context.WithCancelCause(s.ctx)
	ss.release = append(ss.release, context.AfterFunc(running, func() { s.stop(ss, ErrInstanceGone) }))
	if s.opts.MaxSession > 0 {
		timer := time.AfterFunc(s.opts.MaxSession, func() { s.stop(ss, ErrTooLong) })
		ss.release = append(ss.release, timer.Stop)
	}
	s.sessions[ss.info.ID] = ss
	return ss
}

// sessionID is the owner's last name and 17 hex digits, as AWS makes it.
func sessionID(owner string) string {
	name := owner[strings.LastIndexAny(owner, "/:")+1:]
	return name + "-" + random(17)
}

func random(digits int) string {
	b := make([]byte, digits/2+1)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)[:digits]
}

func (s *Server) stop(ss *Session, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(ss, cause)
}

// finish ends a session once.
func (s *Server) finish(ss *Session, cause error) {
	if !ss.info.EndedAt.IsZero() {
		return
	}
	ss.info.EndedAt = time.Now().UTC()
	ss.cancel(cause)
	for _, f := range ss.release {
		f()
	}
	ss.release = nil
}

// settle ends the sessions whose instance has just gone, and forgets the old.
func (s *Server) settle() {
	for id, ss := range s.sessions {
		if ss.running.Err() != nil {
			s.finish(ss, ErrInstanceGone)
		}
		if end := ss.info.EndedAt; !end.IsZero() && time.Since(end) >= keepSession {
			delete(s.sessions, id)
		}
	}
}

// Session returns one session, whether it lasts or has ended.
func (s *Server) Session(id string) (*Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ss, ok := s.sessions[id]
	return ss, ok
}

// Sessions returns all sessions, oldest first, those of the last 30 days that
// have ended included.
func (s *Server) Sessions() []Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	all := make([]*Session, 0, len(s.sessions))
	for _, ss := range s.sessions {
		all = append(all, ss)
	}
	slices.SortFunc(all, func(a, b *Session) int { return a.seq - b.seq })
	out := make([]Info, len(all))
	for n, ss := range all {
		out[n] = ss.info
	}
	return out
}

// Terminate ends a session; one that has ended stays so. The error has AWS's
// code DoesNotExistException.
func (s *Server) Terminate(id string) error {
	ss, ok := s.Session(id)
	if !ok {
		return wire.Errorf("DoesNotExistException", "Session %s does not exist", id)
	}
	s.stop(ss, ErrTerminated)
	return nil
}
