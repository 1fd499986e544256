package mysql

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	driver "github.com/go-sql-driver/mysql"
)

func TestKillEndsAnIdleConnection(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	me := as(t, s, "taro.yamada", "secret", bastion)
	conn, err := me.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var id int
	if err := conn.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		t.Fatal(err)
	}
	run(t, root, "KILL "+strconv.Itoa(id))
	if err := conn.PingContext(t.Context()); err == nil {
		t.Error("the killed connection answers")
	}
	waitUntil(t, func() bool {
		_, err := root.ExecContext(t.Context(), "KILL "+strconv.Itoa(id))
		return numberOf(t, err) == 1094
	})
}

func TestKillEndsARunningQuery(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	me := as(t, s, "taro.yamada", "secret", bastion)
	done := make(chan error, 1)
	go func() {
		_, err := me.ExecContext(context.Background(), "SELECT SLEEP(3600)")
		done <- err
	}()
	var id string
	waitUntil(t, func() bool {
		for _, r := range rows(t, root, "SELECT id, info FROM information_schema.processlist WHERE user = 'taro.yamada'") {
			if r[1] == "SELECT SLEEP(3600)" {
				id = r[0]
			}
		}
		return id != ""
	})
	run(t, root, "KILL "+id)
	if err := <-done; err == nil {
		t.Error("the killed query succeeded")
	}
}

func TestKillingOthersNeedsAPrivilege(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	id := rows(t, root, "SELECT CONNECTION_ID()")[0][0]
	_, err := as(t, s, "taro.yamada", "secret", bastion).ExecContext(t.Context(), "KILL "+id)
	if numberOf(t, err) != 1095 {
		t.Errorf("killing the administrator: %v, want 1095", err)
	}
}

// An account without a database in its login must be found by its name too.
func TestProcessListNamesUserAndAddress(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	rows(t, as(t, s, "taro.yamada", "secret", bastion), "SELECT 1")
	found := 0
	for _, r := range rows(t, root, "SHOW FULL PROCESSLIST") {
		if r[1] == "taro.yamada" && r[2] == bastion {
			found++
		}
	}
	if found != 1 {
		t.Errorf("SHOW FULL PROCESSLIST shows taro.yamada from %s %d times, want 1", bastion, found)
	}
	if c := s.Connections(); len(c) != 2 || c[1].User != "taro.yamada" || c[1].Host != bastion {
		t.Errorf("connections: %+v", c)
	}
}

func TestProcessListHoldsNoPassword(t *testing.T) {
	t.Parallel()
	s, _ := granted(t)
	for _, p := range s.engine.ProcessList.Processes() {
		if p.Query != "" {
			t.Errorf("a query is still named: %q", p.Query)
		}
	}
}

func TestClientsReachTheServerOverTCPFromTheirOwnAddress(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Addr: "127.0.0.1:0"})
	run(t, admin(t, s), "CREATE USER "+person+" IDENTIFIED BY 'secret' REQUIRE SSL")
	for remote, want := range map[string]uint16{bastion: 0, "127.0.0.6": 1045} {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(remote)}}
		if probe, err := dialer.Dial("tcp", s.Addr()); err != nil {
			t.Logf("this system has no address %s: %v", remote, err)
			continue
		} else {
			probe.Close()
		}
		cfg := driver.NewConfig()
		cfg.User, cfg.Passwd, cfg.Net, cfg.Addr, cfg.TLS = "taro.yamada", "secret", "tcp", s.Addr(), s.ClientTLS()
		cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, addr)
		}
		connector, err := driver.NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := connector.Connect(t.Context())
		if numberOf(t, err) != want {
			t.Errorf("from %s: %v, want %d", remote, err, want)
		}
		if conn != nil {
			conn.Close()
		}
	}
}

func TestConnectionsComeFromAListenerOfTheCallersToo(t *testing.T) {
	t.Parallel()
	own, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{Listener: own})
	cfg := driver.NewConfig()
	cfg.User, cfg.Passwd = s.Admin()
	cfg.Net, cfg.Addr, cfg.TLS = "tcp", own.Addr().String(), s.ClientTLS()
	connector, err := driver.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := connector.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if s.Addr() != "" {
		t.Errorf("an address of its own: %q", s.Addr())
	}
}

func TestSessionOfADroppedAccountCanDoNothing(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	me := as(t, s, "taro.yamada", "secret", bastion)
	rows(t, me, "SELECT COUNT(*) FROM shop.orders")
	run(t, root, "DROP USER "+person)
	if _, err := tryRows(t, me, "SELECT COUNT(*) FROM shop.orders"); numberOf(t, err) != 1045 {
		t.Errorf("after DROP USER: %v, want 1045 (MySQL goes on)", err)
	}
}

func TestDialObeysItsContext(t *testing.T) {
	t.Parallel()
	l := &listener{conns: make(chan net.Conn), closed: make(chan struct{})} // nobody accepts
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.dial(ctx, netip.MustParseAddr(bastion)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want canceled", err)
	}
}

func TestPipeObeysReadDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, srv := newPipe(netip.MustParseAddrPort("127.0.0.5:4000"))
		if got := srv.RemoteAddr().String(); got != "127.0.0.5:4000" {
			t.Errorf("remote: %s", got)
		}
		begin := time.Now()
		client.SetDeadline(begin.Add(time.Minute))
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != time.Minute {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
		srv.Write([]byte("late"))
		srv.Close()
		client.SetReadDeadline(time.Time{})
		if got, err := io.ReadAll(client); string(got) != "late" || err != nil {
			t.Errorf("what was written before the end: %q, %v", got, err)
		}
		if _, err := client.Write([]byte("x")); err == nil {
			t.Error("writing to a closed end succeeded")
		}
		client.Close()
	})
}

func TestTakenAddressIsAClearError(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Addr: "127.0.0.1:0"})
	if other, err := New(Options{Addr: s.Addr()}); err == nil {
		other.Close()
		t.Error("two servers on one address")
	}
}

func TestCloseEndsOpenConnections(t *testing.T) {
	t.Parallel()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	user, password := s.Admin()
	db := as(t, s, user, password, bastion)
	rows(t, db, "SELECT 1")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.PingContext(t.Context()); err == nil {
		t.Error("a closed server answers")
	}
	if _, err := s.Dial(t.Context(), netip.MustParseAddr(bastion)); err == nil {
		t.Error("a closed server accepts")
	}
}

func TestServerRunsInVirtualTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, root := granted(t)
		me := as(t, s, "taro.yamada", "secret", bastion)
		begin := time.Now()
		rows(t, me, "SELECT SLEEP(28800)")
		if d := time.Since(begin); d < 8*time.Hour {
			t.Errorf("slept %s, want 8h", d)
		}
		run(t, root, "DROP USER "+person)
		me.Close()
		root.Close()
		synctest.Wait()
		if c := s.Connections(); len(c) != 0 {
			t.Errorf("connections left: %+v", c)
		}
	})
}

func TestWhoDoesNotLogInIsDisconnectedAfterTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, root := granted(t)
		defer root.Close()
		begin := time.Now()
		silent, err := s.Dial(t.Context(), netip.MustParseAddr(bastion))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, silent); err != nil || time.Since(begin) != 10*time.Second {
			t.Errorf("ended after %s: %v", time.Since(begin), err)
		}
		rows(t, root, "SELECT SLEEP(20)") // who has logged in is not
	})
}

// Eight administrators make, change and drop accounts while people log in and
// read; run with -race.
func TestConcurrentAccountStatementsAndLogins(t *testing.T) {
	t.Parallel()
	s, root := granted(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			account := fmt.Sprintf("'person%d'@'%s'", i, bastion)
			for range 10 {
				for _, q := range []string{
					"CREATE USER IF NOT EXISTS " + account + " IDENTIFIED BY 'secret' ACCOUNT LOCK",
					"REVOKE ALL PRIVILEGES, GRANT OPTION FROM " + account,
					"GRANT SELECT, SHOW VIEW ON shop.* TO " + account,
					"ALTER USER " + account + " IDENTIFIED BY 'new' ACCOUNT UNLOCK",
				} {
					if _, err := root.ExecContext(t.Context(), q); err != nil {
						t.Errorf("%s: %v", q, err)
					}
				}
				me := as(t, s, fmt.Sprintf("person%d", i), "new", bastion)
				if _, err := tryRows(t, me, "SELECT COUNT(*) FROM shop.orders"); err != nil {
					t.Errorf("reading as %s: %v", account, err)
				}
				rows(t, root, "SELECT user, host FROM mysql.user")
				rows(t, root, "SELECT * FROM information_schema.schema_privileges")
				rows(t, root, "SHOW FULL PROCESSLIST")
				s.Accounts()
				if _, err := root.ExecContext(t.Context(), "DROP USER "+account); err != nil {
					t.Errorf("dropping %s: %v", account, err)
				}
			}
		})
	}
	all.Wait()
}

// waitUntil yields to the other goroutines until what is awaited is so.
func waitUntil(t testing.TB, ok func() bool) {
	t.Helper()
	for !ok() {
		if t.Context().Err() != nil {
			t.Fatal("never happened")
		}
	}
}
