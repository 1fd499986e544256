package mysqlacct

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Prepared is a prepared XA transaction. It outlives its session and its
// account, and nobody can say whose it is.
type Prepared struct {
	// XID is as statements take it; End is the statement that ends it.
	XID, End string
}

// Prepared lists the server's prepared transactions.
func (s *Server) Prepared(ctx context.Context) (found []Prepared, err error) {
	if s.dialect.embedded {
		return nil, nil // it has no XA
	}
	statement := "XA RECOVER CONVERT XID"
	if s.dialect.mariadb {
		statement = "XA RECOVER"
	}
	var malformed error
	err = s.query(ctx, "looking for prepared transactions", statement, func(row []string) {
		p, err := s.dialect.prepared(row)
		found, malformed = append(found, p), errors.Join(malformed, err)
	})
	return found, errors.Join(err, malformed)
}

// prepared reads a row of XA RECOVER: format, length of the global part, length
// of the branch, both parts.
func (d dialect) prepared(row []string) (Prepared, error) {
	data := []byte(row[3])
	if !d.mariadb {
		var err error
		if data, err = hex.DecodeString(strings.TrimPrefix(row[3], "0x")); err != nil {
			return Prepared{}, fmt.Errorf("reading a prepared transaction: %w", err)
		}
	}
	format, err := strconv.ParseInt(row[0], 10, 64)
	global, globalErr := strconv.Atoi(row[1])
	if err != nil || globalErr != nil || global < 0 || global > len(data) {
		return Prepared{}, errors.New("reading a prepared transaction: its lengths are malformed")
	}
	xid := fmt.Sprintf("X'%x',X'%x',%d", data[:global], data[global:], format)
	return Prepared{XID: xid, End: "XA ROLLBACK " + xid}, nil
}

// rollingBack counts the transactions that are still being undone: those of the
// connections killed, and those of connections that the list no longer shows.
func (s *Server) rollingBack(ctx context.Context, killed, connected map[string]bool) (n int, err error) {
	if s.dialect.embedded {
		return 0, nil // it has no transactions to look at
	}
	err = s.query(ctx, "looking for rollbacks", "SELECT trx_mysql_thread_id, trx_state FROM information_schema.INNODB_TRX", func(row []string) {
		if killed[row[0]] || row[1] == "ROLLING BACK" && !connected[row[0]] {
			n++
		}
	})
	return n, err
}
