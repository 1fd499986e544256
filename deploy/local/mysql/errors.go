package mysql

import (
	"strings"

	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/mysql_db"
	vitess "github.com/dolthub/vitess/go/mysql"
	"github.com/dolthub/vitess/go/vt/sqlparser"
)

// Numbers that vitess has no name for; MySQL 8.0 Error Message Reference.
const (
	errTableDenied      = 1142
	errGrantNoUser      = 1141
	errUnsupportedPS    = 1295
	errCannotUser       = 1396
	errRevokeAllMissing = 1269
	errCreateByGrant    = 1410
	errTooManyOfUser    = 1226
	errXAFailed         = 1401
)

func errUnsupportedPrepare() error {
	return vitess.NewSQLError(errUnsupportedPS, vitess.SSUnknownSQLState,
		"This command is not supported in the prepared statement protocol yet")
}

func errFailed(operation string, keys ...mysql_db.UserPrimaryKey) error {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = quote(k)
	}
	return vitess.NewSQLError(errCannotUser, vitess.SSUnknownSQLState,
		"Operation %s failed for %s", operation, strings.Join(names, ","))
}

func errNeeds(privilege string) error {
	return vitess.NewSQLError(vitess.ERSpecifiedAccessDenied, "42000",
		"Access denied; you need (at least one of) the %s privilege(s) for this operation", privilege)
}

func errDenied(user, host string) error {
	return vitess.NewSQLError(vitess.ERAccessDeniedError, vitess.SSAccessDeniedError,
		"Access denied for user '%s'@'%s' (using password: YES)", user, host)
}

func quote(k mysql_db.UserPrimaryKey) string {
	return "'" + k.User + "'@'" + k.Host + "'"
}

// numberedErrors gives the engine's refusals MySQL's numbers; the engine calls
// them all 1105, and clients go by the number.
type numberedErrors struct {
	sql.AuthorizationHandler
}

func (n numberedErrors) HandleAuth(ctx *sql.Context, s sql.AuthorizationQueryState, a sqlparser.AuthInformation) error {
	return numbered(n.AuthorizationHandler.HandleAuth(ctx, s, a), a.AuthType)
}

func (n numberedErrors) CheckDatabase(ctx *sql.Context, s sql.AuthorizationQueryState, db string) error {
	return numbered(n.AuthorizationHandler.CheckDatabase(ctx, s, db), "")
}

func (n numberedErrors) CheckTable(ctx *sql.Context, s sql.AuthorizationQueryState, db, schema, table string) error {
	return numbered(n.AuthorizationHandler.CheckTable(ctx, s, db, schema, table), "SELECT")
}

func numbered(err error, action string) error {
	switch {
	case err == nil:
		return nil
	case sql.ErrDatabaseAccessDeniedForUser.Is(err):
		return vitess.NewSQLError(vitess.ERDBAccessDenied, "42000", "%s", err.Error())
	case !sql.ErrPrivilegeCheckFailed.Is(err) && !sql.ErrTableAccessDeniedForUser.Is(err):
		return err
	}
	switch action {
	case sqlparser.AuthType_SUPER, sqlparser.AuthType_PROCESS, sqlparser.AuthType_FILE,
		sqlparser.AuthType_RELOAD, sqlparser.AuthType_CREATE_USER, sqlparser.AuthType_REPLICATION_CLIENT:
		return errNeeds(strings.ReplaceAll(action, "_", " "))
	default:
		return vitess.NewSQLError(errTableDenied, "42000", "%s %s", strings.ReplaceAll(action, "_", " "), err.Error())
	}
}
