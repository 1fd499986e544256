package store

import (
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// classify tells a lost compare-and-set from everything else. The first item of
// a transaction is the record, the others are pointers.
func classify(err error) error {
	var failed *types.ConditionalCheckFailedException
	var busy *types.TransactionConflictException // a put amid a transaction
	if errors.As(err, &failed) || errors.As(err, &busy) {
		return ErrConflict
	}
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		return err
	}
	codes := make([]string, len(cancelled.CancellationReasons))
	for i, r := range cancelled.CancellationReasons {
		codes[i] = aws.ToString(r.Code)
	}
	switch i := slices.Index(codes, "ConditionalCheckFailed"); {
	case i > 0:
		return ErrTaken
	case i == 0 || slices.Contains(codes, "TransactionConflict"):
		return ErrConflict
	default:
		return err
	}
}
