package grantor_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// TestARollbackThatOutlivesAnAttemptIsWaitedForAndNamed gives an attempt up as
// soon as the server undoes what the person had not committed. The next one knows
// nothing of the first. Where that comes too late to see it, there is more to be
// undone. The servers are its own: what InnoDB shows grows old where many read it.
func TestARollbackThatOutlivesAnAttemptIsWaitedForAndNamed(t *testing.T) {
	t.Parallel()
	servers, stop, err := accttest.OwnServers()
	must(t, err)
	t.Cleanup(stop)
	for _, db := range servers {
		t.Run(db.Name, func(t *testing.T) {
			t.Parallel()
			for rows := 1 << 19; !outlivesAnAttempt(t, newWorld(t, db), rows); rows *= 2 {
				if rows == 1<<21 {
					t.Fatal("a rollback was never named")
				}
			}
		})
	}
}

// outlivesAnAttempt reports whether a second attempt was needed and named the
// rollback. It has been waited for in any case.
func outlivesAnAttempt(t *testing.T, w *world, rows int) (named bool) {
	t.Helper()
	l := w.request(w.person("rolled"))
	l.warrant.Role, l.warrant.Privileges = "DML", []string{"SELECT", "SHOW VIEW", "INSERT", "UPDATE", "DELETE"}
	l.grant()
	table := "shop.rolled" + w.suffix
	accttest.Exec(t, w.db.Root(t), "CREATE TABLE "+table+" (id INT PRIMARY KEY)")
	transactions := "SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = " + l.write(table, rows)
	again := l.expiredUntil(func() bool {
		return accttest.Rows(t, w.db.Root(t), transactions+" AND trx_state = 'ROLLING BACK'") > 0
	}) != nil
	if again {
		must(t, l.expired(t.Context(), ""))
	}
	r := only[event.Revoked](l)
	if len(r.Looks) != 1 || r.Looks[0].Sessions != 0 {
		t.Errorf("revoked %+v", r)
	}
	if n := accttest.Rows(t, w.db.Root(t), transactions); n != 0 {
		t.Error("it was told before the transaction was undone")
	}
	if n := accttest.Rows(t, w.db.Root(t), "SELECT 1 FROM "+table+" LIMIT 1"); n != 0 {
		t.Error("its rows are there")
	}
	return again && r.Looks[0].Rollbacks > 0
}

// expiredUntil ends the lease and gives that up as soon as something is so. It
// returns nil where the end came first.
func (l *lease) expiredUntil(so func() bool) error {
	ctx, giveUp := context.WithCancel(l.w.t.Context())
	defer giveUp()
	ended := make(chan error, 1)
	go func() { ended <- l.expired(ctx, "") }()
	for !so() {
		select {
		case err := <-ended:
			return err
		case <-time.After(150 * time.Millisecond): // of the server's time, and its copy is renewed
		}
	}
	giveUp()
	return <-ended
}

// write writes so many rows as the person, in a transaction that stays open. It
// returns the connection's number.
func (l *lease) write(table string, rows int) (connection string) {
	t := l.w.t
	t.Helper()
	c, _ := l.credential()
	conn, err := l.w.db.Login(t, c.User, c.Password.Reveal(), l.ready.PrivateIP.String(), "shop").Conn(t.Context())
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	must(t, conn.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&connection))
	statements := []string{"BEGIN", "INSERT INTO " + table + " VALUES (0)"}
	for n := 1; n < rows; n *= 2 {
		statements = append(statements, fmt.Sprintf("INSERT INTO %s SELECT id + %d FROM %s", table, n, table))
	}
	for _, q := range statements {
		_, err := conn.ExecContext(t.Context(), q)
		must(t, err)
	}
	return connection
}
