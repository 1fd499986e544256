package grantor_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"regexp"
	"testing"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/services/grantor"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// onRealWorlds runs a test in a world of its own on every real server.
func onRealWorlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	for _, db := range realServers {
		t.Run(db.Name, func(t *testing.T) {
			t.Parallel()
			test(t, newWorld(t, db))
		})
	}
}

// altered is the same world with lines of its catalog replaced: by what they
// begin with, and what stands there then.
func (w *world) altered(t *testing.T, lines map[string]string) *world {
	t.Helper()
	dir := writeAdmin(t, w.db)
	text := fmt.Sprintf(catalogText, w.db.Target.Address, dir, dir, w.db.ServerName)
	for begin, line := range lines {
		text = regexp.MustCompile(begin+".*").ReplaceAllLiteralString(text, line)
	}
	c, _, err := catalog.Parse("test", []byte(text))
	must(t, err)
	o := w.options
	o.Catalog = c
	fork := *w
	fork.options, fork.t = o, t
	fork.Service, err = grantor.New(o)
	must(t, err)
	t.Cleanup(fork.Service.Close)
	return &fork
}

func TestAfterAFailoverTheWriterIsFoundAmongTheInstances(t *testing.T) {
	onRealWorlds(t, func(t *testing.T, w *world) {
		admin := "plain" + w.suffix
		accttest.Exec(t, w.db.Root(t), "CREATE USER '"+admin+"'@'127.0.0.1' IDENTIFIED BY 'Pl-4in'", "GRANT ALL ON *.* TO '"+admin+"'@'127.0.0.1' WITH GRANT OPTION")
		value, err := credential.Credential{User: admin, Password: secret.New("Pl-4in")}.Encode()
		must(t, err)
		path := t.TempDir() + "/admin.json"
		must(t, os.WriteFile(path, []byte(value.Reveal()), 0o600))
		w = w.altered(t, map[string]string{
			"writer:": "writer: \"127.0.0.1:1\"\n      instances: [\"127.0.0.1:1\", \"127.0.0.1:2\"]",
			"admin_s": "admin_secret: \"file:" + path + "\"", "tls:": "tls: {off: true}",
		})
		readOnly := "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1290"
		old := &accttest.Rewrite{To: w.db, Rules: []accttest.Rule{
			{Match: regexp.MustCompile("^(CREATE|ALTER|DROP) USER.*"), Replace: readOnly}, {Match: regexp.MustCompile("^SELECT @@read_only.*"), Replace: "SELECT 2"},
		}}
		failed := false
		w.Service.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			if failed && address == "127.0.0.1:1" {
				return old.Dial(ctx, address)
			}
			return w.db.Target.Dial(ctx, address)
		}
		l := w.request(w.person("moved"))
		failed = true
		g := l.grant()
		if n := w.db.Accounts(t, g.User); n != 1 {
			t.Errorf("%d accounts after a grant", n)
		}
		must(t, l.expired(t.Context(), ""))
		if r := only[event.Revoked](l); r.Outcome != event.Gone || len(r.Looks) != 2 {
			t.Errorf("revoked %+v, want it gone on both instances", r)
		}
		l.nothingLeft(t, 0)
	})
}

func TestIAMIsRefusedWithACodeWhereTheServerHasNone(t *testing.T) {
	onRealWorlds(t, func(t *testing.T, w *world) {
		w = w.altered(t, map[string]string{"engine:": "engine:\n      auth: iam"})
		l := w.request(w.person("token"))
		must(t, l.instanceReady(t.Context()))
		must(t, l.armed(t.Context()))
		if f := only[event.GrantFailed](l); f.Code != "auth" {
			t.Errorf("failed with %+v", f)
		}
		if _, ok := l.credential(); ok {
			t.Error("there is a secret")
		}
	})
}

func TestATransactionPreparedDuringTheLeaseIsInTheReceiptAndAnAlarm(t *testing.T) {
	onRealWorlds(t, func(t *testing.T, w *world) {
		l := w.request(w.person("xa"))
		l.warrant.Role, l.warrant.Privileges = "DML", []string{"SELECT", "SHOW VIEW", "INSERT", "UPDATE", "DELETE"}
		l.grant()
		c, _ := l.credential()
		conn, err := w.db.Login(t, c.User, c.Password.Reveal(), l.ready.PrivateIP.String(), "shop").Conn(t.Context())
		must(t, err)
		defer func() { _ = conn.Close() }()
		for _, q := range []string{"XA START '" + w.suffix + "'", "INSERT INTO orders VALUES (777001, 'x', 1)", "XA END '" + w.suffix + "'", "XA PREPARE '" + w.suffix + "'"} {
			_, err := conn.ExecContext(t.Context(), q)
			must(t, err)
		}
		must(t, l.expired(t.Context(), ""))
		xid := fmt.Sprintf("X'%x',X'',1", w.suffix)
		named := false
		for _, p := range only[event.Revoked](l).Prepared {
			named = named || p.XID == xid && p.End == "XA ROLLBACK "+xid
		}
		if a := of[event.Alarmed](l); !named || len(a) != 1 || a[0].Alarm != "prepared-transaction" {
			t.Errorf("named %v, alarms %+v", named, a)
		}
		accttest.Exec(t, w.db.Root(t), "XA ROLLBACK "+xid) // it is still there: we never end one
	})
}
