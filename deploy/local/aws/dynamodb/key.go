package dynamodb

import (
	"bytes"
	"cmp"
	"math/big"
	"strings"

	"github.com/truora/minidyn/types"
)

// precision is more than DynamoDB's 38 decimal digits need.
const precision = 160

// key is one key attribute's value: text, a number or bytes, as its table
// says.
type key struct {
	text   string
	number *big.Float
	bytes  []byte
}

// keyOf reads a key attribute. ok is false if the value is of another type.
func keyOf(v *types.Item, kind string) (k key, ok bool) {
	switch {
	case v == nil:
		return key{}, false
	case kind == "S" && v.S != nil:
		return key{text: *v.S}, true
	case kind == "B" && v.B != nil:
		return key{bytes: v.B}, true
	case kind == "N" && v.N != nil:
		n, ok := parseNumber(*v.N)
		return key{number: n}, ok
	}
	return key{}, false
}

func parseNumber(s string) (*big.Float, bool) {
	n, _, err := big.ParseFloat(s, 10, precision, big.ToNearestEven)
	return n, err == nil && !n.IsInf()
}

// compare orders keys of one type as DynamoDB does: text and bytes by byte,
// numbers by value.
func (k key) compare(o key) int {
	if k.number != nil && o.number != nil {
		return k.number.Cmp(o.number)
	}
	return cmp.Or(strings.Compare(k.text, o.text), bytes.Compare(k.bytes, o.bytes))
}

func (k key) empty() bool { return k.text == "" && k.number == nil && len(k.bytes) == 0 }

// position is where an entry stands in an index: by hash key, then by range
// key, then by the primary key, as several items may share a place in a
// secondary index.
type position struct {
	hash, rng            key
	primaryHash, primary key
}

func (p position) compare(o position) int {
	return cmp.Or(p.hash.compare(o.hash), p.rng.compare(o.rng),
		p.primaryHash.compare(o.primaryHash), p.primary.compare(o.primary))
}
