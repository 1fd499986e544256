package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Local is `powerpole local --no-services` as a process.
type Local struct {
	Endpoints Endpoints

	process *exec.Cmd
}

// LocalOptions are what it is told by flags.
type LocalOptions struct {
	Addresses Addresses
	Database  Server
	// Boot, Agent, Shutdown and SweepEvery are those of Options.
	Boot, Agent, Shutdown, SweepEvery time.Duration
	// Lines takes what it writes to standard error.
	Lines io.Writer
}

// StartLocal starts the binary of that folder, and returns once it says that it
// runs. It writes its endpoints into the file, and removes it at its end.
func StartLocal(ctx context.Context, folder, file string, o LocalOptions) (*Local, error) {
	a := o.Addresses
	l := &Local{process: exec.Command(filepath.Join(folder, "powerpole"), "local", "--no-services", "--endpoints-file", file,
		"--page", a.Page, "--aws", a.AWS, "--slack", a.Slack, "--intake", a.Intake, "--database", a.Database,
		"--boot", o.Boot.String(), "--agent", o.Agent.String(), "--shutdown", o.Shutdown.String(), "--sweep-every", o.SweepEvery.String(),
		"--mysql-ca", o.Database.CA, "--mysql-server-name", o.Database.ServerName)}
	l.process.Env, l.process.Stderr = append(os.Environ(), DSNVariable+"="+o.Database.DSN), o.Lines
	// Ctrl-C reaches it once, from here: a second one would end it at once.
	l.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := l.process.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting powerpole local: %w", err)
	}
	if err := l.process.Start(); err != nil {
		return nil, fmt.Errorf("starting powerpole local (has `make build` run?): %w", err)
	}
	select {
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), l.Stop())
	case running := <-says(out, "is running"):
		if !running {
			return nil, errors.Join(errors.New("powerpole local did not start"), l.Stop())
		}
	}
	if l.Endpoints, err = ReadEndpoints(file); err != nil {
		return nil, errors.Join(err, l.Stop())
	}
	return l, nil
}

// Stop ends it as Ctrl-C does, and waits.
func (l *Local) Stop() error {
	_ = l.process.Process.Signal(syscall.SIGINT)
	if err := l.process.Wait(); err != nil {
		return fmt.Errorf("powerpole local ended: %w", err)
	}
	return nil
}

// says tells whether a text comes; it reads on to the end, so that the writer is
// never held up.
func says(r io.Reader, text string) <-chan bool {
	said := make(chan bool, 1)
	go func() {
		defer close(said)
		found := false
		for s := bufio.NewScanner(r); s.Scan(); {
			if !found && strings.Contains(s.Text(), text) {
				found = true
				said <- true
			}
		}
	}()
	return said
}
