package mysql

import (
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// pipeAddr is what an in-process connection calls the server's address.
var pipeAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 3306}

// newPipe gives the two ends of an in-process connection whose server end says
// that it comes from remote. Writing never waits, unlike with net.Pipe: TLS
// writes when it closes, KILL closes under the server's lock, and nobody may be
// reading then.
func newPipe(remote netip.AddrPort) (client, srv net.Conn) {
	up, down := newStream(), newStream()
	from := net.TCPAddrFromAddrPort(remote)
	return &pipeConn{in: down, out: up, local: from, remote: pipeAddr},
		&pipeConn{in: up, out: down, local: pipeAddr, remote: from}
}

type pipeConn struct {
	in, out       *stream
	local, remote net.Addr
}

func (c *pipeConn) Read(p []byte) (int, error)  { return c.in.read(p) }
func (c *pipeConn) Write(p []byte) (int, error) { return c.out.write(p) }
func (c *pipeConn) LocalAddr() net.Addr         { return c.local }
func (c *pipeConn) RemoteAddr() net.Addr        { return c.remote }

func (c *pipeConn) Close() error {
	c.out.close()
	c.in.abandon()
	return nil
}

func (c *pipeConn) SetDeadline(t time.Time) error     { return c.SetReadDeadline(t) }
func (c *pipeConn) SetReadDeadline(t time.Time) error { c.in.setDeadline(t); return nil }

// SetWriteDeadline does nothing: a write never waits.
func (c *pipeConn) SetWriteDeadline(time.Time) error { return nil }

// stream is one direction: bytes written and not yet read.
type stream struct {
	mu        sync.Mutex
	changed   *sync.Cond
	unread    []byte
	ended     bool // the writer has closed
	abandoned bool // the reader has closed
	deadline  time.Time
	timer     *time.Timer
}

func newStream() *stream {
	s := &stream{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.unread) == 0 {
		switch {
		case s.abandoned:
			return 0, net.ErrClosed
		case s.ended:
			return 0, io.EOF
		case !s.deadline.IsZero() && !time.Now().Before(s.deadline):
			return 0, os.ErrDeadlineExceeded
		}
		s.changed.Wait()
	}
	n := copy(p, s.unread)
	s.unread = s.unread[n:]
	return n, nil
}

func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.abandoned {
		return 0, io.ErrClosedPipe
	}
	s.unread = append(s.unread, p...)
	s.changed.Broadcast()
	return len(p), nil
}

func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.changed.Broadcast()
}

func (s *stream) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.abandoned, s.unread = true, nil
	if s.timer != nil {
		s.timer.Stop()
	}
	s.changed.Broadcast()
}

func (s *stream) setDeadline(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadline = t
	if s.timer != nil {
		s.timer.Stop()
	}
	if !t.IsZero() {
		s.timer = time.AfterFunc(time.Until(t), s.wake)
	}
	s.changed.Broadcast()
}

// wake holds the lock, so that a reader between its look at the deadline and
// its wait cannot miss it.
func (s *stream) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed.Broadcast()
}
