package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// Row is one entry of a request's log. Rows are put only if absent and never
// changed; each bears the hash of the one before.
type Row[E any] struct {
	Request string    `json:"request"`
	N       int       `json:"n"`
	At      time.Time `json:"at"`
	// Prev is the hash of the row before, empty in the first.
	Prev  string `json:"prev"`
	Entry E      `json:"entry"`
	// Owes are the events that this row tells the world.
	Owes []event.Event `json:"owes,omitempty"`
	// Hash is the SHA-256, in hex, of the row's JSON as it is stored.
	Hash string `json:"-"`
}

// ErrBroken means that a log's rows are not the chain they were written as.
var ErrBroken = errors.New("log is broken")

const rowSort = "row#"

type rowItem struct {
	PK string `json:"pk"`
	SK string `json:"sk"`
	// Body is the row's JSON, the bytes that are hashed.
	Body string `json:"body"`
}

// chain adds a stored row to those before it, if it is the next one of this
// request.
func chain[E any](id string, rows []Row[E], body []byte) ([]Row[E], error) {
	var row Row[E]
	if err := json.Unmarshal(body, &row); err != nil {
		return nil, fmt.Errorf("row %d: %w: %w", len(rows), ErrBroken, err)
	}
	if row.Request != id || row.N != len(rows) || row.Prev != head(rows) {
		return nil, fmt.Errorf("row %d is not the next: %w", row.N, ErrBroken)
	}
	row.Hash = hash(body)
	return append(rows, row), nil
}

// head is the hash of the last row, empty where there is none.
func head[E any](rows []Row[E]) string {
	if len(rows) == 0 {
		return ""
	}
	return rows[len(rows)-1].Hash
}

func hash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
