package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

const password = "Tr0ub4dor-and-3"

// lease makes a bastion and a READ account on it, as PowerPole would.
func (b *bench) lease(owner, user string) (instance string) {
	b.t.Helper()
	id, at := b.bastion(owner)
	account := "'" + user + "'@'" + at.String() + "'"
	b.root("CREATE USER "+account+" IDENTIFIED BY '"+password+"' REQUIRE SSL", "GRANT SELECT ON `shop`.* TO "+account)
	return id
}

// connected is a session that is logged in.
func (b *bench) connected() (instance string) {
	b.t.Helper()
	id := b.lease("U0TARO", "taro")
	b.post("/session/"+id+"/start").want(b.t, 200, `data-state="open"`)
	b.post("/session/"+id+"/connect", "user", "taro", "password", password).want(b.t, 200, `data-state="connected"`)
	return id
}

func (b *bench) sql(instance, statement string) reply {
	b.t.Helper()
	return b.post("/session/"+instance+"/run", "sql", statement)
}

// logged is everything in the log groups of sessions.
func (b *bench) logged() string {
	var out strings.Builder
	for _, s := range b.aws.Logs.Streams(defaultLogGroup) {
		for _, e := range b.aws.Logs.Events(defaultLogGroup, s.Name) {
			out.WriteString(e.Message + "\n")
		}
	}
	return out.String()
}

func waitUntil(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline, tick := time.NewTimer(10*time.Second), time.NewTicker(5*time.Millisecond)
	defer deadline.Stop()
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func TestSQLRunsAsTheAccountFromTheBastionsAddress(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.connected()
	i, _ := b.aws.EC2.Instance(id)
	b.sql(id, "SELECT USER()").want(t, 200, "taro@"+i.PrivateIP.String())
	b.sql(id, "SELECT COUNT(*) AS n FROM shop.customers").want(t, 200, "<th>n</th>", "1 row in set")
	b.sql(id, "SELECT NULL").want(t, 200, `<td class="null">NULL</td>`)
}

func TestAnotherBastionsAddressIsRefusedByTheDatabase(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.lease("U0TARO", "taro")
	other, _ := b.bastion("U0TARO")
	b.post("/session/"+other+"/start").want(t, 200)
	b.post("/session/"+other+"/connect", "user", "taro", "password", password).want(t, http.StatusConflict, "ERROR 1045 (28000)")
}

func TestWhatTheAccountMayNotIsRefusedByTheDatabase(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.connected()
	b.sql(id, "INSERT INTO shop.customers (id) VALUES (99999)").want(t, 200, "ERROR 1142 (42000): INSERT command denied")
	b.sql(id, "SELEC 1").want(t, 200, "ERROR 1064 (42000)")
	b.sql(id, "SELECT 1").want(t, 200, "1 row in set")
}

func TestOnlyTheOwnerUsesASession(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.connected()
	for _, as := range []string{"U0KEN", "U0OLIVER"} { // an approver, an administrator
		b.as = as
		b.get("/session/"+id).want(t, http.StatusForbidden, `data-state="refused"`)
		for _, act := range []string{"start", "connect", "run", "end"} {
			b.post("/session/"+id+"/"+act, "sql", "SELECT 1", "user", "taro", "password", password).want(t, http.StatusForbidden)
		}
		if got := b.get("/session/" + id + "/status"); strings.Contains(got.body, "logged in") {
			t.Errorf("%s reads the log: %s", as, got.body)
		}
	}
	b.as = "U0TARO"
	b.sql(id, "SELECT 1").want(t, 200, "1 row in set")
}

func TestAnInstanceWithoutAnOwnerIsNobodys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, _ := b.bastion("")
	b.get("/session/"+id).want(t, http.StatusForbidden)
	b.post("/session/"+id+"/start").want(t, http.StatusForbidden)
	b.get("/session/i-00000000000000000").want(t, http.StatusForbidden, `data-state="refused"`)
}

func TestWhatIsTypedAndWhatCameOfItIsLogged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.connected()
	b.sql(id, "SELECT COUNT(*) FROM shop.customers")
	b.sql(id, "DELETE FROM shop.customers")
	for _, want := range []string{"session started by taro.yamada", "logged in as taro", "SELECT COUNT(*) FROM shop.customers", "1 row in set", "DELETE FROM shop.customers", "ERROR 1142"} {
		if !strings.Contains(b.logged(), want) {
			t.Errorf("%q is not in the log:\n%s", want, b.logged())
		}
	}
	b.get("/session/"+id+"/status").want(t, 200, "DELETE FROM shop.customers")
}

func TestThePasswordIsOnNoPageAndInNoLog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.lease("U0TARO", "taro")
	b.post("/session/" + id + "/start")
	pages := []reply{
		b.post("/session/"+id+"/connect", "user", "nobody", "password", password).want(t, http.StatusConflict),
		b.post("/session/"+id+"/connect", "user", "taro", "password", password).want(t, 200),
	}
	// Typed as SQL, the database may repeat it to whoever typed it: only the log counts.
	for _, statement := range []string{"SELECT '" + password + "' FROM nowhere.at_all", "SET PASSWORD = '" + password + "'", "'" + password} {
		b.sql(id, statement).want(t, 200, "ERROR")
	}
	for _, path := range []string{"/", "/session/" + id, "/session/" + id + "/status", "/fragment/state", "/fragment/events"} {
		pages = append(pages, b.get(path).want(t, 200))
	}
	for n, r := range append(pages, reply{body: b.logged()}, reply{body: b.log.String()}) {
		if strings.Contains(r.body, password) {
			t.Errorf("page %d has the password: %s", n, r.body)
		}
	}
}

func TestTheSessionEndsWithTheInstance(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.connected()
	b.post("/instance/kill", "id", id).want(t, http.StatusNoContent)
	waitUntil(t, "the session to end", func() bool {
		return strings.Contains(b.get("/session/"+id+"/status").body, `data-state="ended"`)
	})
	b.sql(id, "SELECT 1").want(t, http.StatusConflict, "The session has ended")
	b.post("/session/"+id+"/connect", "user", "taro", "password", password).want(t, http.StatusConflict)
	waitUntil(t, "the connection to end", func() bool { return len(b.taros()) == 0 })
}

func TestTerminateSessionEndsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.connected()
	open := b.aws.SSM.Sessions()
	if len(open) != 1 || open[0].Target != id || !open[0].EndedAt.IsZero() {
		t.Fatalf("SSM lists %+v", open)
	}
	if err := b.aws.SSM.Terminate(open[0].ID); err != nil {
		t.Fatal(err)
	}
	b.get("/session/"+id+"/status").want(t, 200, `data-state="ended"`)
	waitUntil(t, "the connection to end", func() bool { return len(b.taros()) == 0 })
}

func TestEndEndsTheSession(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.connected()
	b.post("/session/"+id+"/end").want(t, 200, `data-state="ended"`)
	if all := b.aws.SSM.Sessions(); len(all) != 1 || all[0].EndedAt.IsZero() {
		t.Errorf("SSM still has it: %+v", all)
	}
}

// taros are taro's open connections.
func (b *bench) taros() (ids []uint32) {
	for _, c := range b.db.Connections() {
		if c.User == "taro" {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func TestAKilledConnectionIsSeenAndCanBeOpenedAnew(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.connected()
	waitUntil(t, "the connection", func() bool { return len(b.taros()) == 1 })
	b.root("KILL " + fmt.Sprint(b.taros()[0]))
	b.sql(id, "SELECT 1").want(t, 200, "The connection was closed by the database")
	b.get("/session/"+id+"/status").want(t, 200, `data-state="open"`)
	b.sql(id, "SELECT 1").want(t, http.StatusConflict, "connect first")
	b.post("/session/"+id+"/connect", "user", "taro", "password", password).want(t, 200, `data-state="connected"`)
	b.sql(id, "SELECT 1").want(t, 200, "1 row in set")
}

func TestAResultHasALimitOfRows(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.connected()
	got := b.sql(id, "SELECT a.id FROM shop.customers a, shop.customers b").want(t, 200, "the first 200 rows")
	if n := strings.Count(got.body, "<tr>") - 1; n != maxRows {
		t.Errorf("%d rows are shown, want %d", n, maxRows)
	}
}

func TestWhatTheDatabaseHoldsExecutesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.connected()
	got := b.sql(id, "SELECT '<script>alert(1)</script>' AS `<img src=x>`").want(t, 200, "&lt;script&gt;", "&lt;img src=x&gt;")
	if strings.Contains(got.body, "<script") || strings.Contains(got.body, "<img") {
		t.Errorf("a value became a tag: %s", got.body)
	}
	status := b.get("/session/" + id + "/status").body
	if strings.Contains(status, "<script") {
		t.Errorf("a statement became a tag: %s", status)
	}
}

func TestNothingRunsWithoutASession(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.lease("U0TARO", "taro")
	b.sql(id, "SELECT 1").want(t, http.StatusConflict)
	b.post("/session/"+id+"/connect", "user", "taro", "password", password).want(t, http.StatusConflict)
	b.post("/session/" + id + "/start")
	b.sql(id, "SELECT 1").want(t, http.StatusConflict, "connect first")
	b.sql(id, "").want(t, http.StatusConflict)
	if n := len(b.taros()); n != 0 {
		t.Errorf("%d connections are open", n)
	}
}

func TestAddressOfASessionIsTheInstances(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.connected()
	i, _ := b.aws.EC2.Instance(id)
	for _, c := range b.db.Connections() {
		host, _ := netip.ParseAddrPort(c.Host)
		if c.User == "taro" && host.Addr() != i.PrivateIP && !strings.HasPrefix(c.Host, i.PrivateIP.String()) {
			t.Errorf("taro is connected from %s, not from %s", c.Host, i.PrivateIP)
		}
	}
}
