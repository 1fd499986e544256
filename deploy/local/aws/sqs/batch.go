package sqs

import (
	"errors"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// maxBatch is how many entries a batch may have.
const maxBatch = 10

// batchOutput is the answer to a batch: HTTP 200 whatever became of it.
type batchOutput[T any] struct {
	Successful []T           `json:",omitempty"`
	Failed     []batchFailed `json:",omitempty"`
}

type batchFailed struct {
	Id          string //nolint:revive // AWS's name
	Code        string
	Message     string
	SenderFault bool
}

// add notes what became of one entry.
func (b *batchOutput[T]) add(id string, ok *T, err error) {
	if err == nil {
		b.Successful = append(b.Successful, *ok)
		return
	}
	f := batchFailed{Id: id, Code: "InternalError", Message: err.Error()}
	var e *wire.Error
	if errors.As(err, &e) {
		f.Code, f.Message, f.SenderFault = e.Code, e.Message, true
		if e.Query != "" {
			f.Code = e.Query
		}
	}
	b.Failed = append(b.Failed, f)
}

// checkBatch returns AWS's error for a batch that is wrong as a whole.
func checkBatch[E any](entries []E, id func(E) string) error {
	switch {
	case len(entries) == 0:
		return fail("EmptyBatchRequest", legacy+"EmptyBatchRequest", "There should be at least one entry in the request.")
	case len(entries) > maxBatch:
		return fail("TooManyEntriesInBatchRequest", legacy+"TooManyEntriesInBatchRequest",
			"Maximum number of entries per request are %d. You have sent %d.", maxBatch, len(entries))
	}
	seen := make(map[string]bool, len(entries))
	for _, e := range entries {
		name := id(e)
		if !validName(name) {
			return fail("InvalidBatchEntryId", legacy+"InvalidBatchEntryId",
				"A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[name] {
			return fail("BatchEntryIdsNotDistinct", legacy+"BatchEntryIdsNotDistinct", "Id %s repeated.", name)
		}
		seen[name] = true
	}
	return nil
}
