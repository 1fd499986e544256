package store

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Table holds one service's records.
type Table[T State] struct {
	db   API
	name string
}

// NewTable returns the table of that name, which must exist (see Schema).
func NewTable[T State](db API, name string) (*Table[T], error) {
	if db == nil || name == "" {
		return nil, errors.New("opening a table: the client or the name is missing")
	}
	return &Table[T]{db: db, name: name}, nil
}

// Load reads a record, strongly consistent. A request that was never heard of
// gives a record of version 0, not an error.
func (t *Table[T]) Load(ctx context.Context, id string) (Record[T], error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &t.name, Key: itemKey(id, recordSort), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return Record[T]{}, fmt.Errorf("reading record %q: %w", id, err)
	}
	if len(out.Item) == 0 {
		return Record[T]{ID: id}, nil
	}
	var it item[T]
	if err := unmarshal(out.Item, &it); err != nil {
		return Record[T]{}, fmt.Errorf("reading record %q: %w", id, err)
	}
	return it.record(), nil
}

// Find follows a pointer to its request; "" where there is none.
func (t *Table[T]) Find(ctx context.Context, p Pointer) (string, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &t.name, Key: itemKey(p.key(), pointerSort), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return "", fmt.Errorf("following pointer %s: %w", p.key(), err)
	}
	var it pointerItem
	if err := unmarshal(out.Item, &it); err != nil {
		return "", fmt.Errorf("following pointer %s: %w", p.key(), err)
	}
	return it.Request, nil
}

// save writes a record whole if its version is still the one that was read, and
// the pointers that changed in the same transaction. Its error is ErrConflict
// or ErrTaken where that is the reason.
func (t *Table[T]) save(ctx context.Context, r Record[T]) (Record[T], error) {
	it := r.item()
	put, err := t.put(it, r.Version)
	if err != nil {
		return r, err
	}
	changed, err := t.pointerWrites(r.ID, r.pointers, it.Pointers)
	if err != nil {
		return r, err
	}
	if len(changed) == 0 {
		err = putItem(ctx, t.db, put)
	} else {
		writes := append([]types.TransactWriteItem{{Put: put}}, changed...)
		_, err = t.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes})
		err = classify(err)
	}
	if err != nil {
		return r, fmt.Errorf("writing record %q: %w", r.ID, err)
	}
	return it.record(), nil
}

func (t *Table[T]) put(it item[T], version int64) (*types.Put, error) {
	cond := expression.Name("version").Equal(expression.Value(version))
	if version == 0 {
		cond = expression.AttributeNotExists(expression.Name(hashKey))
	}
	return conditional(t.name, it, cond)
}

func conditional(table string, it any, cond expression.ConditionBuilder) (*types.Put, error) {
	m, err := marshal(it)
	if err != nil {
		return nil, err
	}
	e, err := expression.NewBuilder().WithCondition(cond).Build()
	if err != nil {
		return nil, fmt.Errorf("building a condition: %w", err)
	}
	return &types.Put{
		TableName: &table, Item: m, ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
	}, nil
}

// putItem does a put by itself, outside a transaction.
func putItem(ctx context.Context, db API, put *types.Put) error {
	_, err := db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: put.TableName, Item: put.Item, ConditionExpression: put.ConditionExpression,
		ExpressionAttributeNames: put.ExpressionAttributeNames, ExpressionAttributeValues: put.ExpressionAttributeValues,
	})
	return classify(err)
}

// Candidates lists the requests that the sparse index holds live. It is
// eventually consistent: read each record before believing it.
func (t *Table[T]) Candidates(ctx context.Context) iter.Seq2[string, error] {
	return candidates(ctx, t.db, t.name, "")
}

// candidatePage is how many candidates are read at once. Without a bound a page
// is a megabyte of keys, some 13,000, which are seven once they are decoded.
const candidatePage = 500

// candidates lists the live requests after that one, in the order of their ids.
func candidates(ctx context.Context, db API, table, after string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		key := expression.Key(liveKey).Equal(expression.Value(liveValue))
		if after != "" {
			key = key.And(expression.Key(hashKey).GreaterThan(expression.Value(after)))
		}
		e, err := expression.NewBuilder().WithKeyCondition(key).Build()
		if err != nil {
			yield("", fmt.Errorf("building the query of what is live: %w", err))
			return
		}
		pages := dynamodb.NewQueryPaginator(db, &dynamodb.QueryInput{
			TableName: &table, IndexName: aws.String(LiveIndex), KeyConditionExpression: e.KeyCondition(),
			ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(), Limit: aws.Int32(candidatePage),
		})
		last := ""
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield("", fmt.Errorf("listing what is live: %w", err))
				return
			}
			for _, it := range page.Items {
				id := text(it[hashKey])
				if id != last && !yield(id, nil) {
					return
				}
				last = id
			}
		}
	}
}

func text(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func itemKey(pk, sk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		hashKey:  &types.AttributeValueMemberS{Value: pk},
		rangeKey: &types.AttributeValueMemberS{Value: sk},
	}
}
