package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/deploy/powerpole/smoke"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

func road(t *testing.T, database demo.Server, columns bool) {
	t.Helper()
	var out, lines bytes.Buffer
	o := smoke.Options{Lease: 10 * time.Second, Timeout: 2 * time.Minute, Out: &out, Columns: columns}
	if err := ownSmoke(t.Context(), o, database, &lines); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out.String(), lines.String())
	}
	if !strings.Contains(out.String(), "smoke: passed") {
		t.Error(out.String())
	}
}

func TestTheWholeRoadInOneProcess(t *testing.T) {
	t.Parallel()
	road(t, demo.Server{}, false)
}

func TestTheWholeRoadOnARealServer(t *testing.T) {
	t.Parallel()
	servers, stop, err := accttest.RealServers()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	for _, s := range servers {
		ca := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(ca, s.CA, 0o600); err != nil {
			t.Fatal(err)
		}
		server := demo.Server{
			DSN: fmt.Sprintf("%s:%s@tcp(%s)/", s.Target.User, s.Target.Password.Reveal(), s.Target.Address),
			CA:  ca, ServerName: s.ServerName,
		}
		for what, columns := range map[string]bool{"a database": false, "two columns of a table": true} {
			t.Run(what, func(t *testing.T) { road(t, server, columns) })
		}
	}
}
