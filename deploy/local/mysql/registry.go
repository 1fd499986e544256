package mysql

import (
	"sync"
	"time"

	"github.com/dolthub/go-mysql-server/sql/mysql_db"
	vitess "github.com/dolthub/vitess/go/mysql"
)

// connectTimeout is how long a client may take to log in (MySQL Reference
// Manual, connect_timeout).
const connectTimeout = 10 * time.Second

// registry knows the open connections and whose they are.
type registry struct {
	listener *listener
	mu       sync.Mutex
	changed  *sync.Cond
	conns    map[uint32]*vitess.Conn
	owners   map[uint32]mysql_db.UserPrimaryKey // those that have logged in
	arriving map[uint32]*time.Timer             // those that have not, and when that ends
	closing  bool
	finished int64 // connections that came and went
}

func newRegistry(l *listener) *registry {
	r := &registry{
		listener: l,
		conns:    map[uint32]*vitess.Conn{},
		owners:   map[uint32]mysql_db.UserPrimaryKey{},
		arriving: map[uint32]*time.Timer{},
	}
	r.changed = sync.NewCond(&r.mu)
	return r
}

func (r *registry) add(c *vitess.Conn) {
	r.mu.Lock()
	r.conns[c.ConnectionID] = c
	r.arriving[c.ConnectionID] = time.AfterFunc(connectTimeout, c.Close)
	closing := r.closing
	r.mu.Unlock()
	if closing {
		c.Close()
	}
}

func (r *registry) remove(c *vitess.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arrived(c.ConnectionID)
	delete(r.conns, c.ConnectionID)
	delete(r.owners, c.ConnectionID)
	r.finished++
	r.changed.Broadcast()
}

// own records a login, unless the account has limit connections already; 0 is
// no limit.
func (r *registry) own(c *vitess.Conn, key mysql_db.UserPrimaryKey, limit int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, k := range r.owners {
		if k == key {
			n++
		}
	}
	if limit > 0 && n >= limit {
		return false
	}
	r.owners[c.ConnectionID] = key
	r.arrived(c.ConnectionID)
	return true
}

// arrived ends the limit. r.mu is held.
func (r *registry) arrived(id uint32) {
	if limit := r.arriving[id]; limit != nil {
		limit.Stop()
		delete(r.arriving, id)
	}
}

func (r *registry) find(id uint32) (c *vitess.Conn, owner mysql_db.UserPrimaryKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conns[id], r.owners[id]
}

// closeAll ends every connection that is there and every later one.
func (r *registry) closeAll() {
	r.mu.Lock()
	r.closing = true
	open := make([]*vitess.Conn, 0, len(r.conns))
	for _, c := range r.conns {
		open = append(open, c)
	}
	r.mu.Unlock()
	for _, c := range open {
		c.Close()
	}
}

// wait returns when every connection that was ever accepted has gone. Nothing
// may be accepted any more.
func (r *registry) wait() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.finished < r.listener.accepted.Load() {
		r.changed.Wait()
	}
}
