package wire

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
)

// Query is a service that speaks the query protocol: POST / with a form that
// names the Action, answered in XML.
type Query struct {
	name  string
	ec2   bool
	ops   map[string]func(context.Context, url.Values) (any, error)
	newID func() string
}

// NewQuery returns a service without operations. ec2 chooses EC2's shape of
// errors, newID names each answer.
func NewQuery(name string, ec2 bool, newID func() string) *Query {
	return &Query{name: name, ec2: ec2, ops: map[string]func(context.Context, url.Values) (any, error){}, newID: newID}
}

// Handle adds an operation; its answer is marshalled with encoding/xml and
// must name its own root element (`XMLName xml.Name` with a tag).
func (s *Query) Handle(action string, f func(context.Context, url.Values) (any, error)) {
	if _, ok := s.ops[action]; ok {
		panic("wire: action " + action + " registered twice")
	}
	s.ops[action] = f
}

// ServeHTTP implements http.Handler.
func (s *Query) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op, out, err := s.call(r)
	note(r.Context(), op, err)
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	if err != nil {
		s.writeError(w, err)
		return
	}
	_ = xml.NewEncoder(w).Encode(out)
}

func (s *Query) call(r *http.Request) (op string, out any, err error) {
	body, err := ReadBody(r)
	if err != nil {
		return "", nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return "", nil, Errorf("MalformedQueryString", "%v", err)
	}
	op = form.Get("Action")
	f, ok := s.ops[op]
	if !ok {
		e := unknownOperation(s.name, op)
		e.Code = "InvalidAction"
		return op, nil, e
	}
	out, err = f(r.Context(), form)
	return op, out, err
}

type queryError struct {
	Code    string
	Message string
}

func (s *Query) writeError(w http.ResponseWriter, err error) {
	e := asError(err)
	w.WriteHeader(e.Status)
	body := queryError{Code: e.Code, Message: e.Message}
	if s.ec2 {
		_ = xml.NewEncoder(w).Encode(struct {
			XMLName   xml.Name     `xml:"Response"`
			Errors    []queryError `xml:"Errors>Error"`
			RequestID string       `xml:"RequestID"`
		}{Errors: []queryError{body}, RequestID: s.newID()})
		return
	}
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName   xml.Name   `xml:"ErrorResponse"`
		Error     queryError `xml:"Error"`
		RequestID string     `xml:"RequestId"`
	}{Error: body, RequestID: s.newID()})
}
