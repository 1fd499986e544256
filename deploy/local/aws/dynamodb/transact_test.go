package dynamodb_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func transactPut(t *testing.T, r record, cond expression.ConditionBuilder) types.TransactWriteItem {
	t.Helper()
	e, err := expression.NewBuilder().WithCondition(cond).Build()
	if err != nil {
		t.Fatal(err)
	}
	return types.TransactWriteItem{Put: &types.Put{
		TableName: table, Item: marshal(t, r), ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}
}

func (x *fixture) transact(items ...types.TransactWriteItem) error {
	_, err := x.api.TransactWriteItems(x.t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: items})
	return err
}

func TestATransactionIsMadeWholeOrNotAtAllAndSaysWhy(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	absent := expression.AttributeNotExists(expression.Name("pk"))
	x.must(x.put(record{PK: "taken", SK: "p", Version: 7}))
	err := x.transact(
		transactPut(t, record{PK: "a", SK: "r"}, absent),
		transactPut(t, record{PK: "taken", SK: "p"}, absent),
		transactPut(t, record{PK: "b", SK: "r"}, absent),
	)
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		t.Fatalf("got %v", err)
	}
	var codes []string
	for _, r := range cancelled.CancellationReasons {
		codes = append(codes, *r.Code)
	}
	if strings.Join(codes, " ") != "None ConditionalCheckFailed None" || cancelled.CancellationReasons[1].Item["version"].(*types.AttributeValueMemberN).Value != "7" {
		t.Errorf("got %v", cancelled.CancellationReasons)
	}
	if _, ok := x.get("a", "r"); ok {
		t.Error("a cancelled transaction left something")
	}
	x.must(x.transact(
		transactPut(t, record{PK: "a", SK: "r", Version: 1}, absent),
		types.TransactWriteItem{Delete: &types.Delete{TableName: table, Key: key("taken", "p")}},
		types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: table, Key: key("none", "r"), ConditionExpression: awssdk.String("attribute_not_exists(pk)"),
		}},
	))
	_, there := x.get("a", "r")
	if _, deleted := x.get("taken", "p"); !there || deleted {
		t.Errorf("put %v, still there %v", there, deleted)
	}
}

func TestConcurrentTransactionsNeverTearTwoItemsApart(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	x.must(x.put(record{PK: "a", SK: "r"}))
	x.must(x.put(record{PK: "b", SK: "r"}))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				r, _ := x.get("a", "r")
				is := expression.Name("version").Equal(expression.Value(r.Version))
				next := r.Version + 1
				err := x.transact(transactPut(t, record{PK: "a", SK: "r", Version: next}, is), transactPut(t, record{PK: "b", SK: "r", Version: next}, is))
				if err != nil && code(err) != "TransactionCanceledException" {
					t.Error(err)
				}
				both, err := x.api.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
					{Get: &types.Get{TableName: table, Key: key("a", "r")}}, {Get: &types.Get{TableName: table, Key: key("b", "r")}},
				}})
				if err != nil || deref(both.Responses[0].Item["version"]) != deref(both.Responses[1].Item["version"]) {
					t.Errorf("got %v, %v", both, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestATransactionWithATokenIsMadeOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := fresh(t)
		in := &dynamodb.TransactWriteItemsInput{
			ClientRequestToken: awssdk.String("token"),
			TransactItems:      []types.TransactWriteItem{transactPut(t, record{PK: "a", SK: "r"}, expression.AttributeNotExists(expression.Name("pk")))},
		}
		for range 2 {
			_, err := x.api.TransactWriteItems(t.Context(), in)
			x.must(err)
		}
		in.TransactItems[0].Put.Item = marshal(t, record{PK: "b", SK: "r"})
		_, err := x.api.TransactWriteItems(t.Context(), in)
		if other := new(types.IdempotentParameterMismatchException); !errors.As(err, &other) {
			t.Errorf("another request: %v", err)
		}
		time.Sleep(10 * time.Minute)
		in.TransactItems[0].Put.Item = marshal(t, record{PK: "a", SK: "r"})
		if _, err := x.api.TransactWriteItems(t.Context(), in); code(err) != "TransactionCanceledException" {
			t.Errorf("after ten minutes: %v", err)
		}
	})
}

func TestTransactionsThatAWSRefuses(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	one := types.TransactWriteItem{Put: &types.Put{TableName: table, Item: key("a", "r")}}
	two := types.TransactWriteItem{Delete: &types.Delete{TableName: table, Key: key("a", "r")}}
	none := types.TransactWriteItem{Put: &types.Put{TableName: awssdk.String("none"), Item: key("a", "r")}}
	for name, c := range map[string]struct {
		items []types.TransactWriteItem
		code  string
	}{
		"two actions on one item": {[]types.TransactWriteItem{one, two}, "ValidationException"},
		"an unknown table":        {[]types.TransactWriteItem{one, none}, "ResourceNotFoundException"},
		"an action of two kinds":  {[]types.TransactWriteItem{{Put: one.Put, Delete: two.Delete}}, "ValidationException"},
		"nothing":                 {[]types.TransactWriteItem{}, "ValidationException"},
	} {
		if err := x.transact(c.items...); code(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, ok := x.get("a", "r"); ok {
		t.Error("a refused transaction left something")
	}
}
