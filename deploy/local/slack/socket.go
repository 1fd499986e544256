package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// ticketLife is how long a Socket Mode address can be connected to.
	ticketLife = 30 * time.Second
	// pingEvery is how often Slack asks whether the client is there; the
	// client gives up after 30 s without.
	pingEvery = 10 * time.Second
	writeWait = 5 * time.Second
)

// errSocketClosed is in a DeliveryError when the socket closed before the
// answer.
var errSocketClosed = errors.New("the socket closed")

// sockets are the Socket Mode connections of the app.
type sockets struct {
	mu      sync.Mutex
	tickets map[string]time.Time
	open    []*socket
	next    int
	closed  bool
	running sync.WaitGroup
}

func (a *sockets) init() { a.tickets = map[string]time.Time{} }

func (a *sockets) ticket() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := secret()
	a.tickets[t] = time.Now().Add(ticketLife)
	return t
}

func (a *sockets) take(ticket string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	expires, ok := a.tickets[ticket]
	delete(a.tickets, ticket)
	return ok && time.Now().Before(expires) && !a.closed
}

// pick takes the connections in turn, as Slack does; nil if there is none.
func (a *sockets) pick() *socket {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.open) == 0 {
		return nil
	}
	a.next++
	return a.open[a.next%len(a.open)]
}

// add says how many there are now; 0 if it came too late.
func (a *sockets) add(s *socket) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return 0
	}
	a.open = append(a.open, s)
	a.running.Add(2)
	return len(a.open)
}

func (a *sockets) remove(s *socket) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, o := range a.open {
		if o == s {
			a.open = append(a.open[:i:i], a.open[i+1:]...)
			return
		}
	}
}

func (a *sockets) close() {
	a.mu.Lock()
	a.closed = true
	open := append([]*socket(nil), a.open...)
	a.mu.Unlock()
	for _, s := range open {
		s.stop()
	}
	a.running.Wait()
}

// SocketConnected says whether the app is connected by Socket Mode; then
// everything goes there and nothing to the Intake's URLs.
func (s *Server) SocketConnected() bool { return s.sockets.pick() != nil }

// connectionsOpen gives a Socket Mode address. It is called with the lock.
func (s *Server) connectionsOpen(c call) (object, error) {
	ticket := s.sockets.ticket()
	return object{"url": fmt.Sprintf("ws://%s/link/%s", c.host, ticket)}, nil
}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	if !s.sockets.take(r.PathValue("ticket")) {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }} // the ticket is the proof
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	c := &socket{
		conn: conn, out: make(chan any), done: make(chan struct{}), answers: map[string]chan json.RawMessage{},
	}
	n := s.sockets.add(c)
	if n == 0 {
		conn.Close()
		return
	}
	go func() { defer s.sockets.running.Done(); c.write(n) }()
	go func() { defer s.sockets.running.Done(); defer s.sockets.remove(c); c.read() }()
}

// socket is one Socket Mode connection: one goroutine writes, one reads.
type socket struct {
	conn    *websocket.Conn
	out     chan any
	done    chan struct{}
	once    sync.Once
	mu      sync.Mutex
	answers map[string]chan json.RawMessage
}

func (c *socket) stop() { c.once.Do(func() { close(c.done) }) }

// write says hello, then writes what is to be sent, and pings.
func (c *socket) write(connections int) {
	defer c.conn.Close()
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	hello := object{
		"type": "hello", "num_connections": connections, "connection_info": object{"app_id": appID},
		"debug_info": object{"host": "local", "approximate_connection_time": 3600},
	}
	for err := c.conn.WriteJSON(hello); err == nil; {
		select {
		case <-c.done:
			_ = c.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(writeWait))
			return
		case <-tick.C:
			err = c.conn.WriteControl(websocket.PingMessage, []byte("ping"), time.Now().Add(writeWait))
		case message := <-c.out:
			_ = c.conn.SetWriteDeadline(time.Now().Add(writeWait))
			err = c.conn.WriteJSON(message)
		}
	}
	c.stop()
}

// read hands the acknowledgements to those who wait for them.
func (c *socket) read() {
	defer c.stop()
	c.conn.SetReadLimit(maxBody)
	for {
		var ack struct {
			Envelope string          `json:"envelope_id"`
			Payload  json.RawMessage `json:"payload"`
		}
		if err := c.conn.ReadJSON(&ack); err != nil {
			return
		}
		if waiting := c.forget(ack.Envelope); waiting != nil {
			waiting <- ack.Payload // buffered
		}
	}
}

func (c *socket) expect(envelope string) chan json.RawMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting := make(chan json.RawMessage, 1)
	c.answers[envelope] = waiting
	return waiting
}

func (c *socket) forget(envelope string) chan json.RawMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting := c.answers[envelope]
	delete(c.answers, envelope)
	return waiting
}

// deliver sends an envelope and waits for its acknowledgement.
func (c *socket) deliver(ctx context.Context, kind string, payload object) ([]byte, error) {
	envelope := secret()
	waiting := c.expect(envelope)
	defer c.forget(envelope)
	message := object{"type": kind, "envelope_id": envelope, "payload": payload, "accepts_response_payload": kind != "events_api"}
	if kind == "events_api" {
		message["retry_attempt"], message["retry_reason"] = 0, ""
	}
	select {
	case c.out <- message:
	case <-c.done:
		return nil, errSocketClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case answer := <-waiting:
		if string(answer) == "null" {
			return nil, nil
		}
		return answer, nil
	case <-c.done:
		return nil, errSocketClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
