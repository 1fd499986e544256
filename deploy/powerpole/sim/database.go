package sim

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/powerpole/powerpole/pkg/bus"
)

// dial connects a process to the database, through the gate.
func (p *process) dial(ctx context.Context, _ string) (net.Conn, error) {
	f, err := p.begin(ctx, call{process: p, op: "mysql dial", message: bus.MessageID(ctx)})
	if err != nil {
		return nil, err
	}
	if f.refused || f.kind == Lost {
		return nil, errRefused
	}
	conn, err := p.world.database.Dial(ctx, netip.MustParseAddr("10.0.0.9"))
	if err != nil {
		return nil, err
	}
	g := &gated{Conn: conn, process: p, message: bus.MessageID(ctx)}
	g.open, g.shut = context.WithCancel(p.alive)
	context.AfterFunc(g.open, func() { p.world.connections.drop(g); _ = conn.Close() })
	p.world.connections.add(g)
	return g, nil
}

// gated is a connection to the database of which each write parks, and each
// answer.
type gated struct {
	net.Conn
	process *process
	message string
	open    context.Context
	shut    context.CancelFunc
	asked   atomic.Pointer[asked]
}

// asked is a statement whose answer has not been read.
type asked struct {
	call
	fate
}

// Write implements net.Conn.
func (g *gated) Write(b []byte) (int, error) {
	c := describeSQL(b)
	c.process, c.message = g.process, g.message
	if c.op == "mysql GRANT" {
		c.body = slices.Clone(b)
	}
	f, err := g.process.begin(g.open, c)
	if err == nil && f.refused {
		err = errCut
	}
	if err != nil {
		_ = g.Close()
		return 0, err
	}
	n, err := g.Conn.Write(b)
	g.asked.Store(&asked{c, f})
	return n, err
}

// Read implements net.Conn.
func (g *gated) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	q := g.asked.Swap(nil)
	if err != nil || q == nil {
		return n, err
	}
	if err := g.process.end(g.open, q.call, q.fate); err != nil {
		_ = g.Close()
		return 0, err
	}
	g.process.world.meddle(g.open, q.call, q.kind)
	return n, nil
}

// Close implements net.Conn.
func (g *gated) Close() error {
	g.shut()
	return g.Conn.Close()
}

// connections are those of all processes to the database.
type connections struct {
	mu  sync.Mutex
	all map[*gated]bool
}

func (c *connections) add(g *gated) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all[g] = true
}

func (c *connections) drop(g *gated) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, g)
}

// cut ends them all, as a failover does.
func (c *connections) cut() {
	c.mu.Lock()
	var all []*gated
	for g := range c.all {
		all = append(all, g)
	}
	c.mu.Unlock()
	for _, g := range all {
		g.shut()
	}
}
