// Package secret keeps passwords, tokens and keys out of everything that is written down. A String shows its value to
// nobody who does not call Reveal; Load, Store and Remove move it between its home (a file, AWS Secrets Manager) and
// memory, and say what went wrong without saying the value.
package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// String is a secret text. No verb of fmt, encoding/json, encoding.TextMarshaler user or slog handler prints its value.
// The zero String is the empty secret.
//
// The value lies in a closure because fmt calls no method on an unexported field: a struct that holds a String in one is
// printed field by field. A pointer would stop fmt, and not the printers that follow pointers (go-cmp's diff); nothing
// looks into a function.
type String struct {
	reveal func() string
}

var (
	_ fmt.Formatter  = String{}
	_ slog.LogValuer = String{}
)

// New makes a secret of value.
func New(value string) String {
	return String{reveal: func() string { return value }}
}

// Reveal returns the value. It is the only way to it, so that a search for the word finds every place where a secret
// comes into the open.
func (s String) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether there is no secret, or an empty one.
func (s String) IsZero() bool { return s.Reveal() == "" }

// Equal compares two secrets in a time that depends on their lengths only.
func (s String) Equal(other String) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns a placeholder.
func (String) String() string { return redacted }

// GoString returns a placeholder.
func (String) GoString() string { return redacted }

// Format writes a placeholder, whatever the verb and its flags.
func (String) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, redacted) // a fmt.State that cannot be written to has nowhere to say so either
}

// MarshalJSON returns a placeholder as a JSON string.
func (String) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText returns a placeholder.
func (String) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns a placeholder.
func (String) LogValue() slog.Value { return slog.StringValue(redacted) }
