package mysql

import (
	"context"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/vitess/go/sqltypes"
	querypb "github.com/dolthub/vitess/go/vt/proto/query"
	"github.com/dolthub/vitess/go/vt/sqlparser"

	vitess "github.com/dolthub/vitess/go/mysql"
)

// handler stands before the engine's handler: it keeps the registry and answers
// the statements that the engine cannot.
type handler struct {
	vitess.Handler
	engine   *sqle.Engine
	conns    *registry
	accounts *accounts
}

// NewConnection notes the connection.
func (h *handler) NewConnection(c *vitess.Conn) {
	h.Handler.NewConnection(c)
	h.conns.add(c)
}

// ConnectionClosed forgets it.
func (h *handler) ConnectionClosed(c *vitess.Conn) {
	h.Handler.ConnectionClosed(c)
	h.conns.remove(c)
}

// ComQuery runs one statement.
func (h *handler) ComQuery(ctx context.Context, c *vitess.Conn, query string, callback vitess.ResultSpoolFn) error {
	if err := h.accounts.guard(c, query); err != nil {
		return err
	}
	run := h.ours(c, query)
	if run == nil {
		_, owner := h.conns.find(c.ConnectionID)
		return renumber(query, h.Handler.ComQuery(ctx, c, withDefiner(query, owner), callback))
	}
	result, err := run()
	if err != nil {
		return err
	}
	return callback(result, false)
}

// ComMultiQuery runs the first of several statements and returns the others.
func (h *handler) ComMultiQuery(ctx context.Context, c *vitess.Conn, query string, callback vitess.ResultSpoolFn) (string, error) {
	if err := h.accounts.guard(c, query); err != nil {
		return "", err
	}
	first, rest, err := sqlparser.SplitStatement(query)
	if err != nil {
		return h.Handler.ComMultiQuery(ctx, c, query, callback)
	}
	run := h.ours(c, first)
	if run == nil {
		_, owner := h.conns.find(c.ConnectionID)
		return h.Handler.ComMultiQuery(ctx, c, withDefiner(query, owner), callback)
	}
	result, err := run()
	if err != nil {
		return "", err
	}
	return rest, callback(result, rest != "")
}

// ComPrepare refuses to prepare what this package answers itself: those
// statements have no parameters.
func (h *handler) ComPrepare(ctx context.Context, c *vitess.Conn, query string, prepare *vitess.PrepareData) ([]*querypb.Field, error) {
	if err := h.accounts.guard(c, query); err != nil {
		return nil, err
	}
	if h.ours(c, query) != nil {
		return nil, errUnsupportedPrepare()
	}
	fields, err := h.Handler.ComPrepare(ctx, c, query, prepare)
	return fields, renumber(query, err)
}

// ours returns what runs the statement, or nil if it is the engine's.
func (h *handler) ours(c *vitess.Conn, query string) func() (*sqltypes.Result, error) {
	var run func() error
	switch verb := firstWords(query); verb {
	case "":
		return nil
	case "xa recover":
		return func() (*sqltypes.Result, error) { return h.accounts.xaRecover(c) }
	case "kill":
		run = h.kill(c, query)
	default:
		run = h.accounts.statement(c, verb, query)
	}
	if run == nil {
		return nil
	}
	return func() (*sqltypes.Result, error) { return &sqltypes.Result{}, run() }
}
