package bus

import (
	"errors"
	"strings"
	"unicode"

	"github.com/aws/smithy-go"
)

// Bounds, in characters, of what goes from a message or an error into a dead
// letter's attribute or a log line.
const (
	maxReason = 500
	maxName   = 128
)

// clean makes text fit for one line and for SQS, which takes only what XML
// allows: control characters and what is no UTF-8 become spaces, and it is cut
// to limit characters.
func clean(s string, limit int) string {
	n := 0
	s = strings.Map(func(r rune) rune {
		if n++; n > limit {
			return -1
		}
		if unicode.IsControl(r) || r == unicode.ReplacementChar || r == 0xFFFE || r == 0xFFFF {
			return ' '
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// code names a failed call to AWS. AWS's message is left out: it may quote what
// was sent.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return clean(err.Error(), maxReason)
}
