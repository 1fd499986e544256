package mysql

import (
	"strconv"

	"github.com/dolthub/go-mysql-server/sql"
	vitess "github.com/dolthub/vitess/go/mysql"
	"github.com/dolthub/vitess/go/vt/sqlparser"
)

// kill returns what runs a KILL. The engine's ends the same things, but says
// nothing about a connection that is not there and asks SUPER even for one's
// own.
func (h *handler) kill(c *vitess.Conn, query string) func() error {
	parsed, err := sqlparser.Parse(query)
	if err != nil {
		return nil
	}
	n, ok := parsed.(*sqlparser.Kill)
	if !ok {
		return nil
	}
	val, ok := n.ConnID.(*sqlparser.SQLVal)
	if !ok {
		return nil
	}
	id, err := strconv.ParseUint(string(val.Val), 10, 32)
	if err != nil {
		return nil
	}
	return func() error { return h.killConnection(c, uint32(id), n.Connection) }
}

func (h *handler) killConnection(c *vitess.Conn, id uint32, whole bool) error {
	victim, owner := h.conns.find(id)
	if victim == nil {
		return vitess.NewSQLError(vitess.ERNoSuchThread, vitess.SSUnknownSQLState, "Unknown thread id: %d", id)
	}
	if owner.User != c.User && !h.accounts.mayKill(c) {
		return vitess.NewSQLError(vitess.ERKillDenied, vitess.SSUnknownSQLState, "You are not owner of thread %d", id)
	}
	h.engine.ProcessList.Kill(id)
	if whole {
		victim.Close()
	}
	return nil
}

func (a *accounts) mayKill(c *vitess.Conn) bool {
	u := a.current(c)
	return u != nil && (u.PrivilegeSet.Has(sql.PrivilegeType_Super) || u.PrivilegeSet.HasDynamic("connection_admin"))
}
