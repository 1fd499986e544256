package web

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-sql-driver/mysql"
)

const (
	// maxRows and maxCell are how much of a result is shown, in rows and bytes.
	maxRows = 200
	maxCell = 2000
	// queryTime is how long a statement may take.
	queryTime = 10 * time.Second
)

// cell is a value of a result.
type cell struct {
	Text string
	Null bool
}

// result is what became of a statement.
type result struct {
	Columns []string
	Rows    [][]cell
	// More says that there are more rows than are shown.
	More bool
	// Summary is one line about it, Error MySQL's text.
	Summary, Error string
}

// connect logs in to the database as the granted account, from the bastion's
// address, and keeps the connection.
func (s *Server) connect(ctx context.Context, ss *session, user, password string) error {
	if s.opts.Database.Dial == nil {
		return errors.New("there is no database here")
	}
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr = user, password, "tcp", "database:3306"
	cfg.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return s.opts.Database.Dial(ctx, ss.from) }
	cfg.TLS = s.opts.Database.TLS
	cfg.Logger = log.New(io.Discard, "", 0) // it would repeat what the error says
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return fmt.Errorf("preparing the connection: %w", err)
	}
	db := sql.OpenDB(connector)
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	conn, err := db.Conn(ctx)
	if err != nil {
		_ = db.Close()
		return err
	}
	ss.disconnect()
	ss.quiet.Reset(idle)
	if !ss.put(db, conn, user, password) {
		_ = conn.Close()
		_ = db.Close()
		return errOver
	}
	return nil
}

// questions are the first words of statements that answer with rows.
var questions = []string{"SELECT", "SHOW", "DESC", "DESCRIBE", "EXPLAIN", "WITH", "TABLE", "VALUES", "CALL", "CHECK", "ANALYZE"}

// run runs one statement.
func run(ctx context.Context, conn *sql.Conn, statement string) result {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	start := time.Now()
	word, _, _ := strings.Cut(strings.TrimLeft(statement, "( \n\t"), " ")
	word, _, _ = strings.Cut(word, "\n")
	var res result
	var err error
	if slices.Contains(questions, strings.ToUpper(strings.TrimSuffix(word, ";"))) {
		res, err = ask(ctx, conn, statement)
	} else {
		res, err = change(ctx, conn, statement)
	}
	if err != nil {
		return result{Error: explain(err)}
	}
	res.Summary += fmt.Sprintf(" (%s)", time.Since(start).Round(100*time.Microsecond))
	return res
}

func change(ctx context.Context, conn *sql.Conn, statement string) (result, error) {
	done, err := conn.ExecContext(ctx, statement)
	if err != nil {
		return result{}, err
	}
	n, err := done.RowsAffected()
	return result{Summary: fmt.Sprintf("Query OK, %s affected", count(n))}, err
}

func ask(ctx context.Context, conn *sql.Conn, statement string) (res result, err error) {
	rows, err := conn.QueryContext(ctx, statement)
	if err != nil {
		return res, err
	}
	defer rows.Close()
	if res.Columns, err = rows.Columns(); err != nil {
		return res, err
	}
	for rows.Next() {
		if len(res.Rows) == maxRows {
			res.More = true
			break
		}
		row, err := scan(rows, len(res.Columns))
		if err != nil {
			return res, err
		}
		res.Rows = append(res.Rows, row)
	}
	res.Summary = count(int64(len(res.Rows))) + " in set"
	if res.More {
		res.Summary = fmt.Sprintf("the first %d rows", maxRows)
	}
	return res, rows.Err()
}

func scan(rows *sql.Rows, columns int) ([]cell, error) {
	values := make([]sql.NullString, columns)
	into := make([]any, columns)
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	row := make([]cell, columns)
	for i, v := range values {
		text := v.String
		if !utf8.ValidString(text) {
			text = "0x" + strings.ToUpper(hex.EncodeToString([]byte(text[:min(len(text), maxCell/2)])))
		}
		if len(text) > maxCell {
			text = strings.ToValidUTF8(text[:maxCell], "") + "…"
		}
		row[i] = cell{text, !v.Valid}
	}
	return row, nil
}

func count(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}

// code is what kind of error it is, without anything that was typed.
func code(err error) string {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return fmt.Sprintf("ERROR %d (%s)", e.Number, e.SQLState[:])
	}
	return "no connection"
}

// explain is an error as MySQL's client shows it.
func explain(err error) string {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return fmt.Sprintf("ERROR %d (%s): %s", e.Number, e.SQLState[:], e.Message)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("The database took longer than %s; the connection was closed. Connect again.", queryTime)
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, io.EOF):
		return "The connection was closed by the database. If your access has ended, that is why; otherwise connect again."
	}
	return "The database could not be reached: " + err.Error()
}

// lost is whether an error leaves no connection behind.
func lost(conn *sql.Conn) bool {
	return conn.Raw(func(c any) error {
		if v, ok := c.(driver.Validator); ok && !v.IsValid() {
			return driver.ErrBadConn
		}
		return nil
	}) != nil
}
