package store

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const pointerSort = "pointer"

type pointerItem struct {
	PK      string `json:"pk"`
	SK      string `json:"sk"`
	Request string `json:"request"`
}

func (p Pointer) key() string { return "pointer#" + p.Kind + "#" + p.Value }

// pointerWrites puts the pointers that are new, if absent or this request's
// already, and deletes those that are no longer wanted.
func (t *Table[T]) pointerWrites(request string, before, after []Pointer) ([]types.TransactWriteItem, error) {
	var out []types.TransactWriteItem
	for _, p := range after {
		if slices.Contains(before, p) {
			continue
		}
		free := expression.AttributeNotExists(expression.Name(hashKey)).
			Or(expression.Name("request").Equal(expression.Value(request)))
		put, err := conditional(t.name, pointerItem{p.key(), pointerSort, request}, free)
		if err != nil {
			return nil, err
		}
		out = append(out, types.TransactWriteItem{Put: put})
	}
	for _, p := range before {
		if slices.Contains(after, p) {
			continue
		}
		del, err := t.deletePointer(request, p)
		if err != nil {
			return nil, err
		}
		out = append(out, types.TransactWriteItem{Delete: del})
	}
	return out, nil
}

func (t *Table[T]) deletePointer(request string, p Pointer) (*types.Delete, error) {
	mine := expression.AttributeNotExists(expression.Name(hashKey)).
		Or(expression.Name("request").Equal(expression.Value(request)))
	e, err := expression.NewBuilder().WithCondition(mine).Build()
	if err != nil {
		return nil, fmt.Errorf("building a condition: %w", err)
	}
	return &types.Delete{
		TableName: &t.name, Key: itemKey(p.key(), pointerSort), ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
	}, nil
}
