package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/deploy/powerpole/doctor"
)

// doctorSays runs the command with those arguments.
func doctorSays(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c := root()
	c.SetArgs(append([]string{"doctor"}, args...))
	c.SetOut(&out)
	c.SetErr(&out)
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

func TestTheDoctorFindsTheDemoInOrderAndSaysWhatAFlagNamesWrongly(t *testing.T) {
	t.Parallel()
	d, err := demo.New(t.Context(), demo.Options{Addresses: demo.FreeAddresses(), NoServices: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- d.Run(ctx, func() { close(ready) }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	<-ready
	file := filepath.Join(t.TempDir(), "endpoints.json")
	if err := d.Endpoints().Write(file); err != nil {
		t.Fatal(err)
	}
	if said, err := doctorSays(t, "--endpoints-file", file); err != nil || strings.Contains(said, "problem") || !strings.Contains(said, "every right of deploy/sql") {
		t.Errorf("%v:\n%s", err, said)
	}
	said, err := doctorSays(t, "--endpoints-file", file, "--catalog", file+".none", "--slack-token", "xoxb-in-the-wrong-place")
	if !errors.Is(err, doctor.ErrProblems) || strings.Count(said, "problem ") != 2 || strings.Contains(said, "xoxb") {
		t.Errorf("%v:\n%s", err, said)
	}
}
