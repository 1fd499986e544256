package ec2

import (
	"crypto/rand"
	"encoding/hex"

	"github.com/google/uuid"
)

// newID returns an identifier as EC2 makes them: a prefix and 17 hex digits.
func newID(prefix string) string {
	var b [9]byte
	_, _ = rand.Read(b[:])
	return prefix + hex.EncodeToString(b[:])[:17]
}

func newRequestID() string { return uuid.NewString() }
