package grantor_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// realServers are the servers beside the embedded one, which every test in a
// bubble has for itself.
var realServers []*accttest.Server

func TestMain(m *testing.M) { os.Exit(withServers(m)) }

func withServers(m *testing.M) int {
	servers, stop, err := accttest.RealServers()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stop()
	realServers = servers
	// Tests on a real server mostly wait for it, so that many fit at once.
	flag.Parse()
	if err := flag.Set("test.parallel", "32"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
