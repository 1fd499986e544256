package mysqlacct

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-sql-driver/mysql"
)

// statementWithin is how long the client waits for one statement. MariaDB
// honours no limit of its own where an account statement waits behind a lock.
const statementWithin = 10 * time.Second

// Numbers of the servers' errors (MySQL 8.0 Error Message Reference).
const (
	errDatabaseDenied  = 1044
	errNoColumn        = 1054
	errParse           = 1064
	errNoThread        = 1094
	errKillDenied      = 1095
	errNoGrant         = 1141
	errTableDenied     = 1142
	errNoTable         = 1146
	errNeedsPrivilege  = 1227
	errNoProcedure     = 1305
	errProcedureDenied = 1370
	errPluginMissing   = 1524
	errWeakPassword    = 1819
	errReadOnlyOption  = 1290
	errReadOnlyMode    = 1836
	errDefiner         = 4006
)

// ServerError is a server's refusal of a statement, without a word of its text.
type ServerError struct {
	Doing  string
	Number uint16
	State  string
}

// Error names what was being done, the number and the SQLSTATE.
func (e *ServerError) Error() string {
	return fmt.Sprintf("%s: the server answered %d (%s)", e.Doing, e.Number, e.State)
}

// is reports whether err is a server's, of one of the numbers.
func is(err error, numbers ...uint16) bool {
	e, ok := errors.AsType[*ServerError](err)
	return ok && slices.Contains(numbers, e.Number)
}

// IsHopeless reports whether a server refused what asking again does not change:
// a right that the administrator lacks, a statement it does not know, a
// table or column that is not there.
func IsHopeless(err error) bool {
	return is(err, errDatabaseDenied, errTableDenied, errNeedsPrivilege, errParse, errNoColumn, errNoTable, errPluginMissing, errWeakPassword)
}

// LacksPlugin reports whether a server refused an account because it has no IAM
// authentication.
func LacksPlugin(err error) bool { return is(err, errPluginMissing) }

// IsReadOnly reports whether a server refused because it is not the writer.
func IsReadOnly(err error) bool { return is(err, errReadOnlyOption, errReadOnlyMode) }

// wordless takes the text out of a server's error. What is not a server's, a
// broken connection or a deadline, has no text of a statement.
func wordless(doing string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return &ServerError{Doing: doing, Number: e.Number, State: string(e.SQLState[:])}
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// exec runs one statement. doing says what for, in words that may be logged.
func (s *Server) exec(ctx context.Context, doing, statement string) error {
	within, cancel := context.WithTimeout(ctx, statementWithin)
	defer cancel()
	_, err := s.conn.ExecContext(within, statement)
	if err != nil && within.Err() != nil {
		s.abandon(ctx)
	}
	return wordless(doing, err)
}

// query runs one statement and hands every row to each, as texts; NULL is "".
func (s *Server) query(ctx context.Context, doing, statement string, each func(row []string), args ...any) error {
	within, cancel := context.WithTimeout(ctx, statementWithin)
	defer cancel()
	rows, err := s.conn.QueryContext(within, statement, args...)
	if err != nil {
		return wordless(doing, err)
	}
	defer func() { _ = rows.Close() }() // rows.Err has what matters
	columns, err := rows.Columns()
	if err != nil {
		return wordless(doing, err)
	}
	cells := make([]sql.NullString, len(columns))
	targets := make([]any, len(columns))
	for i := range cells {
		targets[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return wordless(doing, err)
		}
		row := make([]string, len(cells))
		for i, c := range cells {
			row[i] = c.String
		}
		each(row)
	}
	return wordless(doing, rows.Err())
}

// one runs a statement that gives one row.
func (s *Server) one(ctx context.Context, doing, statement string, args ...any) ([]string, error) {
	var found [][]string
	if err := s.query(ctx, doing, statement, func(row []string) { found = append(found, row) }, args...); err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%s: %d rows and not one", doing, len(found))
	}
	return found[0], nil
}

// abandon kills this connection from a second one, because a statement whose
// client has gone may still run. The number is this server's only, and this
// connection's only until the server restarts: nothing is killed on another one,
// and no connection but an administrator's. It works on after the caller has
// given up, and where it fails the named lock keeps others waiting for that
// statement.
func (s *Server) abandon(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	second, err := open(ctx, s.target)
	if err != nil {
		return
	}
	defer second.Close()
	if err := second.identify(ctx); err != nil || second.name != s.name || second.me != s.me {
		return
	}
	found, err := second.connections(ctx)
	if err == nil && slices.Contains(found.of[s.me[0]], fmt.Sprint(s.id)) {
		_, _ = second.conn.ExecContext(ctx, fmt.Sprintf("KILL %d", s.id))
	}
}
