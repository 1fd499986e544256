package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
)

// notice closes said as soon as the text has been written.
type notice struct {
	text string
	said chan struct{}

	mu  sync.Mutex
	all bytes.Buffer
}

func (n *notice) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	before := strings.Contains(n.all.String(), n.text)
	n.all.Write(p)
	if !before && strings.Contains(n.all.String(), n.text) {
		close(n.said)
	}
	return len(p), nil
}

// Not parallel: it gives the process a temporary folder of its own.
func TestLocalLeavesNothingRunningAndNothingOnDisk(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	file := filepath.Join(t.TempDir(), "endpoints.json")
	out := &notice{text: "Ctrl-C stops it.", said: make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- runLocal(ctx, demo.Options{Addresses: demo.FreeAddresses()}, file, out) }()
	select {
	case <-out.said:
	case err := <-ended:
		stop()
		t.Fatal(err)
	}
	e := whileItRuns(t, file)
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{e.Page, e.AWS, e.Slack.URL, e.Intake, "//" + e.Database.Address} {
		u, err := url.Parse(where)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := net.Dial("tcp", u.Host); err == nil {
			_ = c.Close()
			t.Errorf("%s still answers", where)
		}
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Error("left on disk:", left, err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Error("the endpoints are still there:", err)
	}
	if !strings.Contains(out.all.String(), e.Page) || !strings.Contains(out.all.String(), "nothing is left") {
		t.Error(out.all.String())
	}
}

// whileItRuns looks at the endpoints, which hold every token, and at the page.
func whileItRuns(t *testing.T, file string) demo.Endpoints {
	t.Helper()
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("the endpoints are for their owner only:", info, err)
	}
	e, err := demo.ReadEndpoints(file)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Get(e.Page)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Error("the page answers", res.Status)
	}
	if len(e.Environment) != len(demo.Specs()) {
		t.Errorf("environments for %d services", len(e.Environment))
	}
	return e
}

func TestLocalNamesTheFlagOfAnAddressThatIsTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	taken := l.Addr().String()
	for flag, set := range map[string]func(*demo.Addresses){
		"page":     func(a *demo.Addresses) { a.Page = taken },
		"aws":      func(a *demo.Addresses) { a.AWS = taken },
		"slack":    func(a *demo.Addresses) { a.Slack = taken },
		"intake":   func(a *demo.Addresses) { a.Intake = taken },
		"database": func(a *demo.Addresses) { a.Database = taken },
	} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			addresses := demo.FreeAddresses()
			set(&addresses)
			err := runLocal(t.Context(), demo.Options{Addresses: addresses}, "", &notice{said: make(chan struct{})})
			if err == nil || !strings.Contains(err.Error(), taken) || !strings.Contains(err.Error(), "--"+flag+" HOST:PORT") {
				t.Error(err)
			}
		})
	}
}
