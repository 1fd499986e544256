package aws

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// errClosed is what calls get after Close.
var errClosed = errors.New("the embedded AWS is closed")

// transport answers requests with a handler in this process, without a
// socket. It is what a server would be, as far as a client can tell: the
// handler runs on its own goroutine and sees the request's context end.
type transport struct {
	handler http.Handler

	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	server, err := serverRequest(r)
	if err != nil {
		return nil, err
	}
	if !t.begin() {
		return nil, errClosed
	}
	ctx, cancel := context.WithCancel(r.Context())
	answer := make(chan *http.Response, 1)
	go func() {
		defer t.wg.Done()
		defer cancel()
		rec := &recorder{header: http.Header{}}
		t.handler.ServeHTTP(rec, server.WithContext(ctx))
		answer <- rec.response(r)
	}()
	select {
	case resp := <-answer:
		return resp, nil
	case <-r.Context().Done():
		return nil, context.Cause(r.Context())
	}
}

// begin counts a request in, unless the transport is closed.
func (t *transport) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.wg.Add(1)
	return true
}

// stop refuses new requests.
func (t *transport) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
}

// wait returns when the requests under way have ended.
func (t *transport) wait() { t.wg.Wait() }

// serverRequest is the request as a server sees it, with its body in memory:
// the client's body is closed before RoundTrip returns.
func serverRequest(r *http.Request) (*http.Request, error) {
	server := r.Clone(r.Context())
	server.RequestURI = r.URL.RequestURI()
	if server.Host == "" {
		server.Host = r.URL.Host
	}
	server.Body = http.NoBody
	if r.Body == nil {
		return server, nil
	}
	body, err := io.ReadAll(r.Body)
	if err := errors.Join(err, r.Body.Close()); err != nil {
		return nil, err
	}
	server.Body = io.NopCloser(bytes.NewReader(body))
	return server, nil
}

// recorder is an http.ResponseWriter that keeps the answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

func (w *recorder) response(r *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.header,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}
}
