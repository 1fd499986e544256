package mysqlacct_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"testing"

	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// servers are all that the contract is run against.
var servers []*accttest.Server

func TestMain(m *testing.M) { os.Exit(withServers(m)) }

func withServers(m *testing.M) int {
	embedded, stop, err := accttest.Embedded()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stop()
	real, stopReal, err := accttest.RealServers()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stopReal()
	servers = append(real, embedded) // real ones first: they are slower
	return m.Run()
}

// onEvery runs a test of the contract on every server.
func onEvery(t *testing.T, test func(t *testing.T, s *accttest.Server)) {
	t.Parallel()
	for _, s := range servers {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}

// plainPassword is of an administrator who speaks without TLS.
var plainPassword = secret.New("Pl-4in")

const (
	here     = "127.0.0.77"
	lockName = "0123456789ABCDEFGHIJKLMNOP"
)

// read is a plan for a READ account of that name on shop.
func read(user string) mysqlacct.Plan {
	return mysqlacct.Plan{
		Account:     mysqlacct.Account{User: user, Host: netip.MustParseAddr(here), Request: "pp-01k0000000000000000000000a"},
		Scopes:      []mysqlacct.Scope{{Database: "shop", Privileges: []string{"SELECT", "SHOW VIEW"}}},
		TLS:         true,
		Connections: 5,
		Lock:        fmt.Sprintf("%x", sha256.Sum256([]byte(user)))[:40],
	}
}

// weaker connects as an administrator of that name who has only these grants.
func weaker(t *testing.T, s *accttest.Server, name string, grants ...string) *mysqlacct.Server {
	t.Helper()
	account, target := "'"+name+"'@'127.0.0.1'", s.Target
	target.User, target.Password = name, secret.New("We-4k")
	accttest.Exec(t, s.Root(t), "CREATE USER "+account+" IDENTIFIED BY 'We-4k'")
	for _, g := range grants {
		accttest.Exec(t, s.Root(t), "GRANT "+g+" TO "+account)
	}
	c, err := mysqlacct.Connect(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// look looks once, and reports whether the end is proven.
func look(t *testing.T, c *mysqlacct.Server, p *mysqlacct.Proof) bool {
	t.Helper()
	if err := errors.Join(c.Look(t.Context(), p), p.Err); err != nil {
		t.Fatal(err)
	}
	_, ok := p.Seen()
	return ok
}
