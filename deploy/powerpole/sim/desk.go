package sim

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
)

// errRefused is what a caller gets where nobody listens.
var errRefused = errors.New("connection refused")

// desk is the way from Slack to intake.
type desk struct{ world *world }

// RoundTrip implements http.RoundTripper.
func (d *desk) RoundTrip(r *http.Request) (*http.Response, error) {
	p := d.world.process("intake")
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	c := call{process: p, op: "desk " + r.URL.Path, body: body}
	f, err := p.begin(r.Context(), c)
	h := p.handler()
	if err != nil || h == nil {
		return nil, errRefused
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer context.AfterFunc(p.alive, func() { cancel(errDead) })()
	defer cancel(nil)
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, rebuilt(r.WithContext(ctx), body))
	if err := p.end(r.Context(), c, f); err != nil {
		return nil, errLost
	}
	return answer.Result(), nil
}
