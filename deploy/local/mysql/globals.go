package mysql

import (
	"fmt"

	"github.com/dolthub/go-mysql-server/sql"
)

// setGlobals sets the engine's global variables to what is true of this server.
// The engine keeps them per process, so every server here sets the same.
//
// secure_file_priv names a folder that cannot exist: SELECT … INTO OUTFILE and
// LOAD_FILE would otherwise write and read this machine's files for everybody
// who can log in. partial_revokes is on because with it MySQL takes a database
// name in GRANT literally, as this engine always does: `app\_db` would grant
// nothing on app_db.
func setGlobals() error {
	err := sql.SystemVariables.AssignValues(map[string]any{
		"secure_file_priv": "/dev/null/no-files",
		"partial_revokes":  int8(1),
	})
	if err != nil {
		return fmt.Errorf("setting the database's global variables: %w", err)
	}
	return nil
}
