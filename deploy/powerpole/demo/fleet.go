package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Fleet is the six services as processes, told everything by environment.
type Fleet map[string]*exec.Cmd

// StartFleet starts the binaries in a folder and waits until intake answers.
func StartFleet(ctx context.Context, folder string, e Endpoints, lines io.Writer) (Fleet, error) {
	f := Fleet{}
	for _, spec := range Specs() {
		c := exec.Command(filepath.Join(folder, spec.Name))
		for k, v := range e.Environment[spec.Name] {
			c.Env = append(c.Env, k+"="+v)
		}
		c.Stderr = lines
		if err := c.Start(); err != nil {
			return nil, errors.Join(fmt.Errorf("starting %s (has `make build` run?): %w", spec.Name, err), f.Stop())
		}
		f[spec.Name] = c
	}
	if err := answers(ctx, e.Intake+"/healthz"); err != nil {
		return nil, errors.Join(err, f.Stop())
	}
	return f, nil
}

// answers waits until a service answers.
func answers(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			return res.Body.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", url, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop tells all to end and waits; one that does not end well is an error.
func (f Fleet) Stop() error {
	var errs []error
	for name, c := range f {
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			errs = append(errs, fmt.Errorf("stopping %s: %w", name, err))
		}
	}
	for name, c := range f {
		if err := c.Wait(); err != nil {
			errs = append(errs, fmt.Errorf("%s ended: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// PID is the process id of a service.
func (f Fleet) PID(service string) int { return f[service].Process.Pid }
