package sqs

import (
	"fmt"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// legacy is the prefix that SQS's older protocol gave to most of its codes;
// the SDK reports the code with it.
const legacy = "AWS.SimpleQueueService."

func fail(code, query, format string, args ...any) *wire.Error {
	return &wire.Error{Code: code, Query: query, Message: fmt.Sprintf(format, args...)}
}

func noSuchQueue() *wire.Error {
	return fail("QueueDoesNotExist", legacy+"NonExistentQueue", "The specified queue does not exist.")
}

func invalid(format string, args ...any) *wire.Error {
	return fail("InvalidParameterValueException", "InvalidParameterValue", format, args...)
}

func missing(parameter string) *wire.Error {
	return fail("MissingRequiredParameterException", "MissingParameter",
		"The request must contain the parameter %s.", parameter)
}

func badHandle(handle string) *wire.Error {
	return fail("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid",
		"The input receipt handle %q is not a valid receipt handle.", handle)
}

func unsupported(format string, args ...any) *wire.Error {
	return fail("UnsupportedOperation", legacy+"UnsupportedOperation", format, args...)
}
