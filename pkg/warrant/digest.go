package warrant

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// Digest returns the SHA-256, in base64url without padding, of v as canonical JSON: object keys sorted, no space, so
// that a struct and the map that its JSON decodes to have one digest. It fails where v has no JSON.
func Digest(v any) (string, error) {
	first, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("digesting %T: %w", v, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(first))
	decoder.UseNumber() // a float64 would round large numbers into each other
	var plain any
	if err := decoder.Decode(&plain); err != nil {
		return "", fmt.Errorf("digesting %T: %w", v, err)
	}
	canonical, err := json.Marshal(plain)
	if err != nil {
		return "", fmt.Errorf("digesting %T: %w", v, err)
	}
	sum := sha256.Sum256(canonical)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}
