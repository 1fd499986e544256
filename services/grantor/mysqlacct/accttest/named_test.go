package accttest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Not parallel: the name of the server is in the environment.
func TestANamedServerThatDoesNotAnswerIsAnErrorAndNotLeftOut(t *testing.T) {
	t.Setenv("POWERPOLE_TEST_DSN", "root:@tcp(127.0.0.1:1)/")
	servers, _, err := RealServers()
	if err == nil || len(servers) != 0 || !strings.Contains(err.Error(), "POWERPOLE_TEST_DSN") {
		t.Errorf("%d servers, %v", len(servers), err)
	}
	t.Setenv("POWERPOLE_TEST_DSN", "nonsense")
	if _, _, err := RealServers(); err == nil || !strings.Contains(err.Error(), "no data source name") {
		t.Errorf("%v", err)
	}
}

func TestANamedServerIsUsedAndLeftAsItWas(t *testing.T) {
	if _, err := os.Stat(mariadbd); err != nil {
		if err := absent("POWERPOLE_TEST_MARIADB", err); err != nil {
			t.Fatal(err)
		}
		return
	}
	dir := t.TempDir()
	ca, err := writeCertificates(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := bootstrap(dir); err != nil {
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{dir: dir, address: fmt.Sprintf("127.0.0.1:%d", port), command: func() *exec.Cmd { return command(dir, port) }}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	defer p.stop()
	if err := os.WriteFile(filepath.Join(dir, "authority.pem"), ca, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("POWERPOLE_TEST_DSN", fmt.Sprintf("root:@tcp(%s)/", p.address))
	t.Setenv("POWERPOLE_TEST_DSN_CA", filepath.Join(dir, "authority.pem"))
	for range 2 { // the second finds nothing of the first
		s, stop, err := named()
		if err != nil {
			t.Fatal(err)
		}
		if !s.Real || !s.MariaDB || !strings.HasPrefix(s.Connect(t).Version(), "MariaDB ") {
			t.Errorf("it is %s", s.Connect(t).Version())
		}
		if n := Rows(t, s.Root(t), "SELECT User FROM mysql.user WHERE User = 'powerpole'"); n != 1 {
			t.Errorf("%d administrators", n)
		}
		stop()
		if n := Rows(t, s.Root(t), "SELECT User FROM mysql.user WHERE User = 'powerpole'"); n != 0 {
			t.Errorf("%d administrators are left", n)
		}
	}
}
