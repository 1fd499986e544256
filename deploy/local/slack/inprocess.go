package slack

import (
	"bytes"
	"io"
	"net/http"
)

// inProcess is a transport that lets a handler answer, without a socket.
type inProcess struct{ handler http.Handler }

// RoundTrip runs the handler in a goroutine and obeys the request's context.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	served := r.Clone(r.Context())
	if r.Body == nil {
		served.Body = http.NoBody
	}
	served.RequestURI, served.Host = r.URL.RequestURI(), r.URL.Host
	answer := &answer{header: http.Header{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.handler.ServeHTTP(answer, served)
	}()
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case <-done:
		return answer.response(r), nil
	}
}

// answer collects what a handler writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	if a.header.Get("Content-Type") == "" {
		a.header.Set("Content-Type", http.DetectContentType(p)) // as net/http does
	}
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

func (a *answer) response(r *http.Request) *http.Response {
	a.WriteHeader(http.StatusOK)
	return &http.Response{
		StatusCode: a.status, Status: http.StatusText(a.status), Header: a.header, Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(&a.body), ContentLength: int64(a.body.Len()),
	}
}
