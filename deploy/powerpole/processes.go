package main

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

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/deploy/powerpole/smoke"
)

// processSmoke goes the road with everything as processes from one folder:
// `powerpole local --no-services`, and the six services with the environment of
// its endpoints file.
func processSmoke(ctx context.Context, o smoke.Options, database demo.Server, folder string, lines io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "powerpole-smoke-")
	if err != nil {
		return fmt.Errorf("making a folder for the endpoints: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "endpoints.json")
	stop, err := startLocal(ctx, folder, file, database, lines)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if o.Endpoints, err = demo.ReadEndpoints(file); err != nil {
		return err
	}
	fleet, err := demo.StartFleet(ctx, folder, o.Endpoints, lines)
	if err != nil {
		return err
	}
	return errors.Join(report(ctx, o), fleet.Stop())
}

// startLocal starts the demo without its services, and returns once it says that
// it runs. stop ends it as Ctrl-C does.
func startLocal(ctx context.Context, folder, file string, database demo.Server, lines io.Writer) (stop func() error, err error) {
	a := demo.FreeAddresses()
	c := exec.Command(filepath.Join(folder, "powerpole"), "local", "--no-services", "--endpoints-file", file,
		"--page", a.Page, "--aws", a.AWS, "--slack", a.Slack, "--intake", a.Intake, "--database", a.Database,
		"--boot", "0s", "--agent", "0s", "--shutdown", "0s", "--mysql-dsn", database.DSN, "--mysql-ca", database.CA,
		"--mysql-server-name", database.ServerName)
	c.Stderr = lines
	// Ctrl-C reaches it once, from here: a second one would end it at once.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting powerpole local: %w", err)
	}
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("starting powerpole local (has `make build` run?): %w", err)
	}
	stop = func() error {
		_ = c.Process.Signal(syscall.SIGINT)
		if err := c.Wait(); err != nil {
			return fmt.Errorf("powerpole local ended: %w", err)
		}
		return nil
	}
	select {
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), stop())
	case running := <-says(out, "is running"):
		if !running {
			return nil, errors.Join(errors.New("powerpole local did not start"), stop())
		}
		return stop, nil
	}
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
