package mysql

import (
	"context"
	"io"
	"sync"

	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	vitess "github.com/dolthub/vitess/go/mysql"
	vitesslog "github.com/dolthub/vitess/go/vt/log"
	"github.com/sirupsen/logrus"
)

// silenceLibraryLogs switches off the process-wide loggers of go-mysql-server
// and vitess: they write statements that fail, passwords included, to standard
// error. Once for the process, because those loggers are the process's.
var silenceLibraryLogs = sync.OnceFunc(func() {
	logrus.SetOutput(io.Discard)
	discard := func(...any) {}
	discardf := func(string, ...any) {}
	vitesslog.Info, vitesslog.Warning, vitesslog.Error = discard, discard, discard
	vitesslog.Infof, vitesslog.Warningf, vitesslog.Errorf = discardf, discardf, discardf
})

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
