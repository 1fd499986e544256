package mysql

import (
	"io"
	"sync"

	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/variables"
	vitesslog "github.com/dolthub/vitess/go/vt/log"
	"github.com/sirupsen/logrus"
)

// prepareLibraries sets what go-mysql-server and vitess keep for the whole
// process, once, before the first server: making it with a server, as they do,
// races with a server that runs already.
var prepareLibraries = sync.OnceValue(func() error {
	silenceLibraryLogs()
	variables.InitStatusVariables()
	sql.StatusVariables = &lockedStatus{inner: sql.StatusVariables}
	return setGlobals()
})

// silenceLibraryLogs switches off loggers that write statements that fail,
// passwords included, to standard error.
func silenceLibraryLogs() {
	logrus.SetOutput(io.Discard)
	discard := func(...any) {}
	discardf := func(string, ...any) {}
	vitesslog.Info, vitesslog.Warning, vitesslog.Error = discard, discard, discard
	vitesslog.Infof, vitesslog.Warningf, vitesslog.Errorf = discardf, discardf, discardf
}

// setGlobals sets the engine's global variables to what is true of this server.
//
// secure_file_priv names a folder that cannot exist: SELECT … INTO OUTFILE and
// LOAD_FILE would otherwise write and read this machine's files for everybody
// who can log in. partial_revokes is on because with it MySQL takes a database
// name in GRANT literally, as this engine always does: `app\_db` would grant
// nothing on app_db.
func setGlobals() error {
	return sql.SystemVariables.AssignValues(map[string]any{
		"secure_file_priv": "/dev/null/no-files",
		"partial_revokes":  int8(1),
	})
}
