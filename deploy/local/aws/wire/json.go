// Package wire holds the protocols that AWS's services speak, so that each
// embedded service is nothing but its operations: AWS JSON 1.0 and 1.1
// (https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html) and the
// query protocol with its EC2 variant
// (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).
package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"net/http"
	"strings"
	"time"
)

// maxBody is what a service reads of a request: SQS's and EventBridge's
// largest call is 1 MiB, base64 and JSON escapes may double it.
const maxBody = 4 << 20

// Epoch is a moment as AWS JSON writes it: seconds since 1970 with a
// fraction. The zero time is written as null.
type Epoch time.Time

// MarshalJSON implements json.Marshaler.
func (e Epoch) MarshalJSON() ([]byte, error) {
	t := time.Time(e)
	if t.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(float64(t.UnixMilli()) / 1000)
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *Epoch) UnmarshalJSON(b []byte) error {
	var s *float64
	if err := json.Unmarshal(b, &s); err != nil || s == nil {
		return err
	}
	*e = Epoch(time.UnixMilli(int64(math.Round(*s * 1000))).UTC())
	return nil
}

// JSON is a service that speaks AWS JSON: POST / with the operation in
// X-Amz-Target.
type JSON struct {
	name, version string
	strict        bool
	ops           map[string]func(context.Context, []byte) (any, error)
}

// NewJSON returns a service without operations. The version is 1.0 or 1.1.
func NewJSON(name, version string) *JSON {
	return &JSON{name: name, version: version, ops: map[string]func(context.Context, []byte) (any, error){}}
}

// Strict makes the service refuse a parameter that its inputs do not name,
// instead of passing over what the caller counts on. It returns the service.
func (s *JSON) Strict() *JSON {
	s.strict = true
	return s
}

// Handle adds an operation. In and Out are structs whose JSON names are
// AWS's; a second handler for one operation is a programming error and
// panics.
func Handle[In, Out any](s *JSON, op string, f func(context.Context, *In) (*Out, error)) {
	if _, ok := s.ops[op]; ok {
		panic("wire: operation " + op + " registered twice")
	}
	s.ops[op] = func(ctx context.Context, body []byte) (any, error) {
		in := new(In)
		if len(body) > 0 {
			if err := s.decode(body, in); err != nil {
				return nil, err
			}
		}
		return f(ctx, in)
	}
}

func (s *JSON) decode(body []byte, in any) error {
	if err := json.Unmarshal(body, in); err != nil {
		return Errorf("SerializationException", "%v", err)
	}
	if !s.strict {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		return Errorf("ValidationException", "the embedded %s does not support this parameter: %v", s.name, err)
	}
	return nil
}

// ServeHTTP implements http.Handler.
func (s *JSON) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	out, err := s.call(r, op)
	note(r.Context(), op, err)
	w.Header().Set("Content-Type", "application/x-amz-json-"+s.version)
	if err != nil {
		WriteJSONError(w, err)
		return
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (s *JSON) call(r *http.Request, op string) (any, error) {
	f, ok := s.ops[op]
	if !ok {
		return nil, unknownOperation(s.name, op)
	}
	body, err := ReadBody(r)
	if err != nil {
		return nil, err
	}
	return f(r.Context(), body)
}

// WriteJSONError answers with an error in AWS JSON's shape, which the REST
// JSON services read as well.
func WriteJSONError(w http.ResponseWriter, err error) {
	e := asError(err)
	w.Header().Set("X-Amzn-Errortype", e.Code)
	if e.Query != "" {
		w.Header().Set("X-Amzn-Query-Error", e.Query+";Sender")
	}
	w.WriteHeader(e.Status)
	body := map[string]any{"__type": e.Code, "message": e.Message}
	maps.Copy(body, e.Fields)
	_ = json.NewEncoder(w).Encode(body)
}

// ReadBody reads a request's body up to the largest call that AWS takes.
func ReadBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, &Error{Code: "RequestEntityTooLarge", Message: err.Error(), Status: http.StatusRequestEntityTooLarge}
	}
	return body, err
}
