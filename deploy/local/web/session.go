package web

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/ssm"
)

// ownerTag is the tag of the person that a bastion is for.
const ownerTag = "powerpole:owner"

// idle is how long a session lasts in which nothing is typed (Session Manager's
// default is 20 minutes).
const idle = 20 * time.Minute

var (
	errNotYours = errors.New("this bastion is somebody else's; only its owner may open a session on it")
	errNoBox    = errors.New("there is no such instance")
	errOver     = errors.New("the session has ended")
	errNoSQL    = errors.New("not connected to the database; connect first")
)

// session is one on a bastion, with at most one connection to the database.
type session struct {
	ssm   *ssm.Session
	from  netip.Addr
	quiet *time.Timer

	mu   sync.Mutex
	db   *sql.DB
	conn *sql.Conn
	user string
	hide []string // the passwords that worked, to keep them out of the log
}

// mayOpen is nil for the person whose bastion it is.
func (s *Server) mayOpen(r *http.Request) (instance string, from netip.Addr, err error) {
	id := r.PathValue("instance")
	i, ok := s.opts.AWS.EC2.Instance(id)
	if !ok {
		return "", from, fmt.Errorf("opening a session on %q: %w", id, errNoBox)
	}
	if me := s.person(r).ID; me == "" || i.Tags[ownerTag] != me {
		return "", from, errNotYours
	}
	return id, i.PrivateIP, nil
}

// current is the instance's session, whether it lasts or has ended; nil before
// there was one.
func (s *Server) current(instance string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[instance]
}

// begin starts a session as the Session Manager does, unless one is open.
func (s *Server) begin(ctx context.Context, instance, owner string, from netip.Addr) (*session, error) {
	if old := s.current(instance); old != nil && old.open() {
		return old, nil
	}
	started, err := s.opts.AWS.SSM.Start(ssm.Start{
		Target: instance, Owner: "arn:aws:sts::000000000000:assumed-role/PowerPole/" + owner, Reason: "opened on the demo's page",
	})
	if err != nil {
		return nil, err
	}
	ss := &session{ssm: started, from: from}
	ss.quiet = time.AfterFunc(idle, func() { s.end(ss) })
	context.AfterFunc(started.Context(), func() { s.over(ss) })
	if first := s.keep(instance, ss); first != ss {
		s.end(ss)
		return first, nil
	}
	if err := s.openLog(ctx, ss); err != nil {
		s.end(ss) // what is not logged does not happen
		return nil, err
	}
	return ss, s.note(ctx, ss, fmt.Sprintf("session started by %s from %s", owner, from))
}

// keep remembers a session as the instance's, unless another was faster; it
// returns the one that counts.
func (s *Server) keep(instance string, ss *session) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.sessions[instance]; first != nil && first.open() {
		return first
	}
	s.sessions[instance] = ss
	return ss
}

func (ss *session) open() bool { return ss.ssm.Context().Err() == nil }

// end terminates the session; its connection ends with it.
func (s *Server) end(ss *session) {
	if err := s.opts.AWS.SSM.Terminate(ss.ssm.ID()); err != nil {
		s.opts.Log.Error("ending a session", "error", err)
	}
	ss.disconnect()
}

// over tidies up after a session, however it ended.
func (s *Server) over(ss *session) {
	ss.disconnect()
	if err := s.note(context.Background(), ss, ss.why()); err != nil {
		s.opts.Log.Debug("logging the end of a session", "error", err) // all of it ends
	}
}

// disconnect closes the connection, if there is one.
func (ss *session) disconnect() {
	ss.quiet.Stop()
	db, conn := ss.take()
	if conn != nil {
		_ = conn.Close() // it may be dead already
	}
	if db != nil {
		_ = db.Close()
	}
}

// take leaves the session without a connection and gives it to the caller.
func (ss *session) take() (*sql.DB, *sql.Conn) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	db, conn := ss.db, ss.conn
	ss.db, ss.conn = nil, nil
	return db, conn
}

// put gives the session a connection. False: the session has ended meanwhile.
func (ss *session) put(db *sql.DB, conn *sql.Conn, user, password string) bool {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if !ss.open() {
		return false
	}
	ss.db, ss.conn, ss.user = db, conn, user
	if password != "" {
		ss.hide = append(ss.hide, password)
	}
	return true
}

// connection is what statements run on, nil without one, and the account's name.
func (ss *session) connection() (*sql.Conn, string) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.conn == nil {
		return nil, ""
	}
	return ss.conn, ss.user
}

// clean is text without the session's passwords, should somebody type one.
func (ss *session) clean(text string) string {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	for _, password := range ss.hide {
		text = strings.ReplaceAll(text, password, "••••••••")
	}
	return text
}

// why says in words how the session ended, "" while it lasts.
func (ss *session) why() string {
	switch cause := context.Cause(ss.ssm.Context()); {
	case cause == nil:
		return ""
	case errors.Is(cause, ssm.ErrInstanceGone):
		return "The bastion has gone, and the session with it."
	case errors.Is(cause, ssm.ErrTerminated):
		return "The session was ended."
	default:
		return "The session is over."
	}
}
