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
	type keyed struct {
		key  string
		item T
	}
	var left []keyed
	for _, t := range items {
		if k := key(t); token == "" || k > string(after) {
			left = append(left, keyed{k, t})
		}
	}
	slices.SortStableFunc(left, func(a, b keyed) int { return strings.Compare(a.key, b.key) })
	if limit > 0 && len(left) > limit {
		left = left[:limit]
		next = base64.RawURLEncoding.EncodeToString([]byte(left[limit-1].key))
	}
	for _, k := range left {
		shown = append(shown, k.item)
	}
	return shown, next, true
}
