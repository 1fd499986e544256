package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// interrupt is Ctrl-C for this process; whoever calls it knows that run listens.
func interrupt(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Error(err)
	}
}

// An AWS that never answers: a command waits for it until it is interrupted.
func silentAWS(t *testing.T) {
	t.Helper()
	var once sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else it is not noticed that the caller goes
		once.Do(func() { interrupt(t) })
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "x",
	} {
		t.Setenv(name, value)
	}
}

// Not parallel, nor are its parts: a signal is for the whole process.
func TestAnInterruptedCheckDoesNotLookPassed(t *testing.T) {
	for _, args := range []string{"audit verify REQUEST", "doctor", "dlq list", "bootstrap"} {
		t.Run(args, func(t *testing.T) {
			silentAWS(t)
			var out, errs bytes.Buffer
			if code := run(strings.Fields(args), &out, &errs); code != exitInterrupted {
				t.Errorf("it exits with %d, want %d\n%s%s", code, exitInterrupted, &out, &errs)
			}
			if !strings.Contains(errs.String(), "interrupted") {
				t.Errorf("it says %q", errs.String())
			}
		})
	}
	t.Run("smoke", func(t *testing.T) {
		out := &notice{text: "opens the modal", said: make(chan struct{})}
		go func() { <-out.said; interrupt(t) }()
		var errs bytes.Buffer
		if code := run([]string{"smoke"}, out, &errs); code != exitInterrupted || strings.Contains(out.all.String(), "passed") {
			t.Errorf("it exits with %d, want %d\n%s%s", code, exitInterrupted, &out.all, &errs)
		}
	})
}

func TestCtrlCIsHowLocalEnds(t *testing.T) {
	free := "127.0.0.1:0"
	out := &notice{text: "Ctrl-C stops it.", said: make(chan struct{})}
	go func() { <-out.said; interrupt(t) }()
	var errs bytes.Buffer
	if code := run([]string{"local", "--page", free, "--aws", free, "--slack", free, "--intake", free, "--database", free}, out, &errs); code != 0 {
		t.Errorf("it exits with %d, want 0\n%s", code, &errs)
	}
}

func TestAFailureExitsWith1AndSaysWhy(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{"smoke", "--endpoints-file", "/nowhere"}, &out, &errs); code != 1 || !strings.Contains(errs.String(), "/nowhere") {
		t.Errorf("it exits with %d: %s", code, &errs)
	}
}
