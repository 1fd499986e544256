package wire

import (
	"encoding/base64"
	"slices"
	"strings"
)

// Page cuts a list into pages of at most limit items; a limit of zero or less
// means all. Each item has a key of its own that it keeps, and the token of a
// page is the last key shown, so that no item is repeated or dropped when
// others come or go between two calls. The result is in the order of the
// keys. It is false for a token that no page had.
func Page[T any](items []T, key func(T) string, limit int, token string) (shown []T, next string, ok bool) {
	after, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return nil, "", false
	}
	for _, t := range items {
		if token == "" || key(t) > string(after) {
			shown = append(shown, t)
		}
	}
	slices.SortStableFunc(shown, func(a, b T) int { return strings.Compare(key(a), key(b)) })
	if limit <= 0 || len(shown) <= limit {
		return shown, "", true
	}
	last := key(shown[limit-1])
	return shown[:limit], base64.RawURLEncoding.EncodeToString([]byte(last)), true
}
