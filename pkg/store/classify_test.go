package store

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestALostCompareAndSetIsToldByItsCode(t *testing.T) {
	t.Parallel()
	cancelled := func(codes ...string) error {
		e := &types.TransactionCanceledException{}
		for _, c := range codes {
			e.CancellationReasons = append(e.CancellationReasons, types.CancellationReason{Code: &c})
		}
		return e
	}
	full := &types.ProvisionedThroughputExceededException{}
	throttled := cancelled("None", "ThrottlingError")
	for _, c := range []struct{ err, want error }{
		{nil, nil},
		{full, full},
		{throttled, throttled},
		{&types.ConditionalCheckFailedException{}, ErrConflict},
		{&types.TransactionConflictException{}, ErrConflict},
		{cancelled("ConditionalCheckFailed", "ConditionalCheckFailed"), ErrConflict},
		{cancelled("None", "TransactionConflict"), ErrConflict},
		{cancelled("None", "ConditionalCheckFailed"), ErrTaken},
	} {
		if got := classify(c.err); !errors.Is(got, c.want) {
			t.Errorf("%v is %v, want %v", c.err, got, c.want)
		}
	}
}
