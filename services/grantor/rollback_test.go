package grantor_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// rolledBack is how many rows a transaction has written whose undoing outlives an
// attempt: it takes servers a second and more.
const rolledBack = 1 << 19

// TestARollbackThatOutlivesAnAttemptIsWaitedForAndNamed gives an attempt up as
// soon as the server undoes what the person had not committed. The next one knows
// nothing of the first. The servers are its own: what InnoDB shows grows old where
// many read it.
func TestARollbackThatOutlivesAnAttemptIsWaitedForAndNamed(t *testing.T) {
	t.Parallel()
	servers, stop, err := accttest.OwnServers()
	must(t, err)
	t.Cleanup(stop)
	for _, db := range servers {
		t.Run(db.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, db)
			l := w.request(w.person("rolled"))
			l.warrant.Role, l.warrant.Privileges = "DML", []string{"SELECT", "SHOW VIEW", "INSERT", "UPDATE", "DELETE"}
			l.grant()
			table := "shop.rolled" + w.suffix
			accttest.Exec(t, db.Root(t), "CREATE TABLE "+table+" (id INT PRIMARY KEY)")
			transactions := "SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = " + l.write(table)

			first, giveUp := context.WithCancel(t.Context())
			defer giveUp()
			ended := make(chan error, 1)
			go func() { ended <- l.expired(first, "") }()
			for accttest.Rows(t, db.Root(t), transactions+" AND trx_state = 'ROLLING BACK'") == 0 {
				select {
				case err := <-ended:
					t.Fatalf("the first attempt did not wait: %v", err)
				case <-time.After(150 * time.Millisecond): // of the server's time, and its copy is renewed
				}
			}
			giveUp()
			if err := <-ended; err == nil {
				t.Fatal("the first attempt did not wait")
			}
			must(t, l.expired(t.Context(), ""))
			if r := only[event.Revoked](l); len(r.Looks) != 1 || r.Looks[0].Rollbacks == 0 || r.Looks[0].Sessions != 0 {
				t.Errorf("revoked %+v, want a rollback that is over", r)
			}
			if n := accttest.Rows(t, db.Root(t), transactions); n != 0 {
				t.Error("it was told before the transaction was undone")
			}
			if n := accttest.Rows(t, db.Root(t), "SELECT 1 FROM "+table+" LIMIT 1"); n != 0 {
				t.Error("its rows are there")
			}
		})
	}
}

// write writes many rows as the person, in a transaction that stays open. It
// returns the connection's number.
func (l *lease) write(table string) (connection string) {
	t := l.w.t
	t.Helper()
	c, _ := l.credential()
	conn, err := l.w.db.Login(t, c.User, c.Password.Reveal(), l.ready.PrivateIP.String(), "shop").Conn(t.Context())
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	must(t, conn.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&connection))
	statements := []string{"BEGIN", "INSERT INTO " + table + " VALUES (0)"}
	for n := 1; n < rolledBack; n *= 2 {
		statements = append(statements, fmt.Sprintf("INSERT INTO %s SELECT id + %d FROM %s", table, n, table))
	}
	for _, q := range statements {
		_, err := conn.ExecContext(t.Context(), q)
		must(t, err)
	}
	return connection
}
