package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// service is a script in the place of a service's binary; the lines are what it
// writes to standard error.
func service(t *testing.T, script string) (*process, *bufio.Reader) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "reaper"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	return newProcess(dir, "reaper", map[string]string{"GIVEN": "yes"}, w), bufio.NewReader(r)
}

func line(t *testing.T, r *bufio.Reader, want string) {
	t.Helper()
	if got, err := r.ReadString('\n'); err != nil || got != want+"\n" {
		t.Fatalf("%q, want %q, %v", got, want, err)
	}
}

func TestAProcessIsKilledWithoutAWordAndStartedAgain(t *testing.T) {
	t.Parallel()
	p, lines := service(t, `trap "echo stopped >&2; exit 0" TERM
echo "started $GIVEN" >&2
while :; do sleep 0.05; done`)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.keep(ctx, func(e end) { t.Errorf("%s ended: %v", e.name, e.err) })
	}()
	line(t, lines, "started yes")
	p.kills <- 0
	line(t, lines, "started yes") // and not "stopped"
	stop()
	line(t, lines, "stopped")
	<-ended
}

func TestAnEndThatNobodyAskedForIsReported(t *testing.T) {
	t.Parallel()
	p, lines := service(t, "echo started >&2; exit 3")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ends := make(chan end, 1)
	go p.keep(ctx, func(e end) { ends <- e; stop() })
	line(t, lines, "started")
	e := <-ends
	var exit *exec.ExitError
	if e.name != "reaper" || !errors.As(e.err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("reported was %v", e)
	}
}

func TestOnlyAStartThatFailsWhileThingsBreakIsNoFinding(t *testing.T) {
	t.Parallel()
	exit := func(code string) error { return exec.Command("/bin/sh", "-c", "exit "+code).Run() }
	for name, c := range map[string]struct {
		raging bool
		end    end
		want   int
	}{
		"a start while things break": {true, end{"reaper", exit("1"), time.Second}, 0},
		"a start in peace":           {false, end{"reaper", exit("1"), time.Second}, 1},
		"at work":                    {true, end{"reaper", exit("1"), time.Minute}, 1},
		"a panic":                    {true, end{"reaper", exit("2"), time.Second}, 1},
		"an end of its own":          {true, end{"reaper", nil, time.Second}, 1},
	} {
		s := &stage{journal: nowhere()}
		s.raging.Store(c.raging)
		s.died(c.end)
		if len(s.deaths) != c.want {
			t.Errorf("%s: %q", name, s.deaths)
		}
	}
}
