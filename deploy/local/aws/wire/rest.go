package wire

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

// REST is a service that speaks REST JSON: the operation is the method and
// the path (https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html).
type REST struct {
	name string
	mux  *http.ServeMux
}

// NewREST returns a service without operations.
func NewREST(name string) *REST {
	s := &REST{name: name, mux: http.NewServeMux()}
	s.mux.HandleFunc("/", s.unknown)
	return s
}

// HandleREST adds an operation under a pattern of http.ServeMux, as
// `GET /schedules/{Name}`. The body is decoded into In; what the path and the
// query hold, f takes from the request.
func HandleREST[In, Out any](s *REST, op, pattern string, f func(context.Context, *http.Request, *In) (*Out, error)) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		in := new(In)
		err := decodeBody(r, in)
		var out *Out
		if err == nil {
			out, err = f(r.Context(), r, in)
		}
		s.answer(w, r, op, out, err)
	})
}

func decodeBody(r *http.Request, in any) error {
	body, err := ReadBody(r)
	if err != nil || len(body) == 0 {
		return err
	}
	if err := json.Unmarshal(body, in); err != nil {
		return Errorf("SerializationException", "%v", err)
	}
	return nil
}

func (s *REST) answer(w http.ResponseWriter, r *http.Request, op string, out any, err error) {
	note(r.Context(), op, err)
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		WriteJSONError(w, err)
		return
	}
	_ = json.NewEncoder(w).Encode(out)
}

// unknown answers a path that no operation has. http.ServeMux would do it in
// plain text, which no client of AWS reads.
func (s *REST) unknown(w http.ResponseWriter, r *http.Request) {
	op := r.Method + " " + strings.TrimSuffix(r.URL.Path, "/")
	s.answer(w, r, op, nil, unknownOperation(s.name, op))
}

// ServeHTTP implements http.Handler.
func (s *REST) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }
