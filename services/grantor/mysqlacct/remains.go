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

// transactions are those that InnoDB shows: state by the connection's number,
// which is 0 for one that has none any more.
type transactions [][2]string

func (s *Server) transactions(ctx context.Context) (open transactions, err error) {
	if s.dialect.embedded {
		return nil, nil // it has no transactions to look at
	}
	err = s.query(ctx, "looking for rollbacks", "SELECT trx_mysql_thread_id, trx_state FROM information_schema.INNODB_TRX", func(row []string) {
		open = append(open, [2]string{row[0], row[1]})
	})
	return open, err
}

// of counts those that are still being undone: of the connections killed, and
// any whose connection the list no longer shows, which MySQL's does not from the
// KILL on. The second needs no memory: whoever killed it and when, the rollback is
// waited for by everybody. The first is for a copy from before the KILL: InnoDB
// renews what it shows only if nobody has read it for 0.1 s.
func (t transactions) of(killed, connected map[string]bool) (n int) {
	for _, trx := range t {
		if killed[trx[0]] || trx[1] == "ROLLING BACK" && !connected[trx[0]] {
			n++
		}
	}
	return n
}
