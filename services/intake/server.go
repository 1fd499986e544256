package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Slack gives up after 3 s. An answer is given inside answerWithin whatever
// else stalls: a lookup gets lookupWithin of it, publishing publishWithin.
const (
	answerWithin  = 2900 * time.Millisecond
	lookupWithin  = 800 * time.Millisecond
	publishWithin = 2 * time.Second
)

// Addr waits until the service listens and returns its address, host:port.
func (s *Service) Addr(ctx context.Context) (string, error) {
	select {
	case addr := <-s.bound:
		s.bound <- addr // for whoever asks next
		return addr, nil
	case <-ctx.Done():
		return "", fmt.Errorf("waiting for intake to listen: %w", ctx.Err())
	}
}

// Serve answers Slack until ctx ends, and then finishes what was begun.
func (s *Service) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var parts []func(context.Context) error
	if s.Address != "" {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Address)
		if err != nil {
			return fmt.Errorf("listening for Slack on %q: %w", s.Address, err)
		}
		s.bound <- listener.Addr().String()
		parts = append(parts, func(ctx context.Context) error { return s.serveHTTP(ctx, listener) })
	}
	if s.Socket != nil {
		parts = append(parts, s.serveSocket)
	}
	errs := make([]error, len(parts))
	var running sync.WaitGroup
	for i, part := range parts {
		running.Go(func() {
			defer cancel() // one without the other would be half deaf
			errs[i] = part(ctx)
		})
	}
	running.Wait()
	return errors.Join(errs...)
}

func (s *Service) serveHTTP(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 15 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(listener) }()
	select {
	case err := <-stopped:
		return fmt.Errorf("serving Slack: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := server.Shutdown(grace)
	<-stopped
	return err
}

// Handler is intake's HTTP endpoints, for whatever serves them.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /slack/command", s.verified(s.postCommand))
	mux.Handle("POST /slack/interactivity", s.verified(s.postInteraction))
	mux.Handle("POST /slack/options", s.verified(s.postInteraction))
	mux.Handle("POST /slack/events", s.verified(s.postEvent))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return mux
}

// answer is what Slack is told: a JSON value, or nothing.
type answer any

// errBadRequest means that a request which Slack signed is not what Slack sends.
var errBadRequest = errors.New("request is malformed")

// verified lets through what Slack signed and nothing else, and answers in time.
func (s *Service) verified(handle func(context.Context, []byte) (answer, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, status := s.verify(r)
		if status != http.StatusOK {
			s.Log.WarnContext(r.Context(), "a request was refused", "path", r.URL.Path, "status", status)
			http.Error(w, http.StatusText(status), status)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
		defer cancel()
		reply, err := handle(ctx, body)
		if err != nil {
			status := statusOf(err)
			s.Log.ErrorContext(ctx, "a request of Slack failed", "path", r.URL.Path, "status", status, "error", err)
			http.Error(w, http.StatusText(status), status)
			return
		}
		s.write(ctx, w, reply)
	})
}

// statusOf is what makes Slack show the person that it failed, and makes it try
// an event again.
func statusOf(err error) int {
	if errors.Is(err, errBadRequest) {
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

func (s *Service) write(ctx context.Context, w http.ResponseWriter, reply answer) {
	if reply == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(reply); err != nil {
		s.Log.WarnContext(ctx, "answering Slack failed", "error", err)
	}
}
