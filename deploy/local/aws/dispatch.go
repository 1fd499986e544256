package aws

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// Call is one request to a service, for whoever counts them.
type Call struct {
	// AccessKey is whose call it is; nothing checks the signature.
	AccessKey string
	// Service is the name in the signature's scope, as `sqs` or `events`.
	Service string
	// Operation is AWS's name of the call.
	Operation string
	// Code is the code of the error it ended with, empty for success.
	Code string
	// Duration is how long it took, the wait of a long poll included.
	Duration time.Duration
}

// serve answers a request of any service.
func (s *Stack) serve(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	var outcome wire.Outcome
	key, name := scopeOf(r)
	defer func() {
		if p := recover(); p != nil {
			s.opts.Logger.ErrorContext(r.Context(), "embedded service panicked", "service", name, "operation", r.Header.Get("X-Amz-Target"), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			outcome.Code = "InternalFailure"
			wire.WriteJSONError(w, fmt.Errorf("the embedded %s failed, see the log", name))
		}
		s.opts.Observe(Call{key, name, outcome.Operation, outcome.Code, time.Since(start)})
	}()
	h, ok := s.services[name]
	if !ok {
		outcome.Code = "UnknownOperationException"
		wire.WriteJSONError(w, wire.Errorf(outcome.Code, "the embedded AWS has no service %q (%s %s)", name, r.Method, r.URL.Path))
		return
	}
	h.ServeHTTP(w, r.WithContext(wire.WithOutcome(r.Context(), &outcome)))
}

// scopeOf returns whose request it is and for which service: by the scope of its
// signature (Signature Version 4), or else the service by its target or path.
func scopeOf(r *http.Request) (accessKey, service string) {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if _, after, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		credential, _, _ = strings.Cut(after, ",")
	}
	if scope := strings.Split(credential, "/"); len(scope) == 5 { // key/date/region/service/aws4_request
		return scope[0], scope[3]
	}
	return "", serviceOf(r)
}

// serviceOf returns the service of a request without a signature.
func serviceOf(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, "/schedule") {
		return "scheduler"
	}
	target, _, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch target {
	case "AmazonSQS":
		return "sqs"
	case "AWSEvents":
		return "events"
	case "DynamoDB_20120810":
		return "dynamodb"
	case "AmazonSSM":
		return "ssm"
	case "Logs_20140328":
		return "logs"
	}
	return target
}
