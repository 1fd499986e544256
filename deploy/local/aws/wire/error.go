package wire

import (
	"errors"
	"fmt"
	"net/http"
)

// Error is a failure in the shape that AWS's clients understand: a code that
// programs switch on, a message for people and an HTTP status.
type Error struct {
	// Code is AWS's own name of the error, as `ResourceNotFoundException`.
	Code string
	// Message says what was wrong, for a person.
	Message string
	// Status is the HTTP status, 400 where it is zero.
	Status int
	// Query is the code of the service's older query protocol, as
	// `AWS.SimpleQueueService.NonExistentQueue`; empty where there is none.
	// Only SQS has it: the SDK reports it in place of Code.
	Query string
	// Fields are members of the error beside its message, as DynamoDB's
	// CancellationReasons.
	Fields map[string]any
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf returns a client error (HTTP 400) of that code.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Status: http.StatusBadRequest}
}

// unknownOperation is what AWS answers to a call it does not have, with the
// addition that here it may be a call which PowerPole never makes.
func unknownOperation(service, op string) *Error {
	return Errorf("UnknownOperationException", "the embedded %s does not know the operation %q", service, op)
}

// asError gives any error AWS's shape. What is not an *Error is ours to mend,
// so it is a 500.
func asError(err error) *Error {
	var e *Error
	if !errors.As(err, &e) {
		return &Error{Code: "InternalFailure", Message: err.Error(), Status: http.StatusInternalServerError}
	}
	if e.Status == 0 {
		withStatus := *e
		withStatus.Status = http.StatusBadRequest
		return &withStatus
	}
	return e
}
