package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is one service, started again whenever it ends.
type process struct {
	name, binary string
	env          []string
	lines        io.Writer
	// kills asks for a SIGKILL; the value is how long it then stays down.
	kills chan time.Duration
}

func newProcess(folder, name string, env map[string]string, lines io.Writer) *process {
	p := &process{name: name, binary: filepath.Join(folder, name), lines: lines, kills: make(chan time.Duration)}
	for k, v := range env {
		p.env = append(p.env, k+"="+v)
	}
	return p
}

// end is one that nobody asked for.
type end struct {
	name  string
	err   error
	after time.Duration // since it was started
}

// keep runs it until the context ends, and then stops it as a deployment does.
// report is told of every end that nobody asked for.
func (p *process) keep(ctx context.Context, report func(end)) {
	for ctx.Err() == nil {
		c := exec.Command(p.binary)
		c.Env, c.Stderr = p.env, p.lines
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for this command alone
		if err := c.Start(); err != nil {
			report(end{p.name, fmt.Errorf("it cannot be started: %w", err), 0})
			return
		}
		began := time.Now()
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		select {
		case err := <-ended:
			report(end{p.name, err, time.Since(began)})
			pause(ctx, time.Second)
		case down := <-p.kills:
			_ = c.Process.Kill()
			<-ended
			pause(ctx, down)
		case <-ctx.Done():
			_ = c.Process.Signal(syscall.SIGTERM)
			if err := <-ended; err != nil {
				report(end{p.name, fmt.Errorf("it was told to stop: %w", err), time.Since(began)})
			}
		}
	}
}
