package mysql

import (
	"context"

	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	vitess "github.com/dolthub/vitess/go/mysql"
)

// sessions builds the engine's sessions. Unlike the engine's own builder it
// names the address that the client really comes from, so that USER() and the
// process list do.
func sessions(dbs *memory.DbProvider) server.SessionBuilder {
	return func(_ context.Context, c *vitess.Conn, addr string) (sql.Session, error) {
		return memory.NewSession(baseSession(c, c.User, addr), dbs), nil
	}
}

func baseSession(c *vitess.Conn, user, addr string) *sql.BaseSession {
	client := sql.Client{Address: remoteHost(c), User: user, Capabilities: c.Capabilities}
	return sql.NewBaseSessionWithClientServer(addr, client, c.ConnectionID)
}
