package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// callTimeout ends a call to SQS that hangs, the SDK's own retries included.
const callTimeout = 10 * time.Second

var errIncomplete = errors.New("entries of a batch failed")

// batchCall sends one batch to SQS. The id of each entry is its place.
type batchCall[T any] func(context.Context, []T) ([]types.BatchResultErrorEntry, error)

// resend calls with the items, then again with those that failed, a few times
// with backoff. It returns what never went, with the last error. What SQS blames us for, as a
// receipt handle that is no longer valid, is not sent again.
func resend[T any](ctx context.Context, items []T, call batchCall[T]) ([]T, error) {
	var lost []T
	var cause error
	for try := 1; len(items) > 0; try++ {
		failed, err := withTimeout(ctx, items, call)
		if err != nil {
			cause = err
		} else {
			var blamed []T
			items, blamed = split(items, failed)
			if lost = append(lost, blamed...); len(failed) > 0 {
				cause = failure(failed)
			}
		}
		if try == callTries || len(items) > 0 && !sleep(ctx, backoff(callBackoff, time.Second, try)) {
			break
		}
	}
	if lost = append(lost, items...); len(lost) == 0 {
		return nil, nil
	}
	return lost, cause
}

func withTimeout[T any](ctx context.Context, items []T, call batchCall[T]) ([]types.BatchResultErrorEntry, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return call(ctx, items)
}

// split picks the failed items by their place: those worth another try, and
// those that SQS blames us for.
func split[T any](items []T, failed []types.BatchResultErrorEntry) (again, blamed []T) {
	for _, f := range failed {
		i, err := strconv.Atoi(aws.ToString(f.Id))
		if err != nil || i < 0 || i >= len(items) {
			continue
		}
		if f.SenderFault {
			blamed = append(blamed, items[i])
		} else {
			again = append(again, items[i])
		}
	}
	return again, blamed
}

// failure names what SQS said, without the message, which may quote us.
func failure(failed []types.BatchResultErrorEntry) error {
	return fmt.Errorf("%w: %s", errIncomplete, aws.ToString(failed[0].Code))
}
