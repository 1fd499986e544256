package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/powerpole/powerpole/pkg/clock"
	"github.com/powerpole/powerpole/pkg/event"
)

// Log is a table of rows: the log is the state. Two who append at once are
// settled by the put that comes first.
type Log[E any] struct {
	db     API
	name   string
	source event.Source
	bus    Publisher
	clock  clock.Clock
}

// NewLog returns the log in the table of that name.
func NewLog[E any](db API, table string, source event.Source, publisher Publisher, options ...Option) (*Log[E], error) {
	if db == nil || table == "" || source == "" || publisher == nil {
		return nil, errors.New("opening a log: client, table, source or publisher is missing")
	}
	return &Log[E]{db: db, name: table, source: source, bus: publisher, clock: chosen(options).clock}, nil
}

// Load reads a request's log and publishes first what its rows still owe.
func (l *Log[E]) Load(ctx context.Context, id string) ([]Row[E], error) {
	rows, m, err := l.read(ctx, id)
	if err != nil || m.Published >= len(rows) {
		return rows, err
	}
	if err := l.publish(ctx, rows, m.Published); err != nil {
		return nil, err
	}
	return rows, nil
}

// Rows reads a request's log, strongly consistent, and checks its chain: its
// error is ErrBroken where that does not hold. None means that the request was
// never heard of.
func (l *Log[E]) Rows(ctx context.Context, id string) ([]Row[E], error) {
	rows, _, err := l.read(ctx, id)
	return rows, err
}

// read reads the mark before the rows: all that it speaks of is then there.
func (l *Log[E]) read(ctx context.Context, id string) ([]Row[E], mark, error) {
	m, err := l.mark(ctx, id)
	if err != nil {
		return nil, m, err
	}
	rows, err := l.query(ctx, id)
	if err == nil {
		err = m.check(len(rows), func(n int) string { return rows[n].Hash })
	}
	if err != nil {
		return nil, m, fmt.Errorf("reading the log of %q: %w", id, err)
	}
	return rows, m, nil
}

func (l *Log[E]) query(ctx context.Context, id string) ([]Row[E], error) {
	key := expression.Key(hashKey).Equal(expression.Value(id)).And(expression.Key(rangeKey).BeginsWith(rowSort))
	e, err := expression.NewBuilder().WithKeyCondition(key).Build()
	if err != nil {
		return nil, fmt.Errorf("building a query: %w", err)
	}
	pages := dynamodb.NewQueryPaginator(l.db, &dynamodb.QueryInput{
		TableName: &l.name, ConsistentRead: aws.Bool(true), KeyConditionExpression: e.KeyCondition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
	})
	var rows []Row[E]
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, m := range page.Items {
			var it rowItem
			if err := unmarshal(m, &it); err != nil {
				return nil, err
			}
			if rows, err = chain(id, rows, []byte(it.Body)); err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}

// Append puts the next row after those that Load gave, with the events that it
// owes, and publishes them. Its error is ErrConflict where somebody else's row
// came first: load and decide again.
func (l *Log[E]) Append(ctx context.Context, id string, after []Row[E], cause event.Header, entry E, emit ...Emit) error {
	row := Row[E]{Request: id, N: len(after), At: l.clock.Now().Truncate(time.Millisecond), Prev: head(after), Entry: entry}
	var err error
	if row.Owes, err = events(ctx, l.source, row.At, id, cause, emit); err != nil {
		return err
	}
	body, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("marshalling row %d of %q: %w", row.N, id, err)
	}
	row.Hash = hash(body)
	if err := l.put(ctx, row.N, rowItem{PK: id, SK: fmt.Sprintf("%s%06d", rowSort, row.N), Body: string(body)}, head(after)); err != nil {
		return err
	}
	return l.publish(ctx, slices.Concat(after, []Row[E]{row}), row.N)
}

// put writes a row if nobody has, and in the same transaction that its request
// is live: a row that owes something is never overlooked by the sweep, even if
// the log was closed.
func (l *Log[E]) put(ctx context.Context, n int, row rowItem, prev string) error {
	absent := expression.AttributeNotExists(expression.Name(hashKey))
	first, err := conditional(l.name, row, absent)
	if err != nil {
		return err
	}
	live, err := marshal(mark{PK: row.PK, SK: markSort, Live: liveValue, Rows: n + 1, Published: n, Head: prev})
	if err != nil {
		return err
	}
	_, err = l.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: first}, {Put: &types.Put{TableName: &l.name, Item: live}},
	}})
	if err != nil {
		return fmt.Errorf("writing row %d of %q: %w", n, row.PK, classify(err))
	}
	return nil
}

// publish sends what the rows from n on owe and moves the mark. Not moving it
// only publishes once more.
func (l *Log[E]) publish(ctx context.Context, rows []Row[E], n int) error {
	for _, row := range rows[n:] {
		if len(row.Owes) == 0 {
			continue
		}
		if err := l.bus.Publish(ctx, row.Owes...); err != nil {
			return fmt.Errorf("publishing what row %d of %q owes: %w", row.N, row.Request, err)
		}
	}
	behind := expression.Name("published").LessThan(expression.Value(len(rows)))
	err := l.move(ctx, published(rows, liveValue), behind)
	if errors.Is(err, ErrConflict) { // somebody has moved it, or appended after these
		return nil
	}
	return err
}

// Close says that the request has ended and all its rows are published, so that
// the sweep need not look at it again until there is another row. Its error is
// ErrConflict where one came meanwhile.
func (l *Log[E]) Close(ctx context.Context, id string) error {
	rows, err := l.Load(ctx, id)
	if err != nil || len(rows) == 0 {
		return err
	}
	return l.move(ctx, published(rows, ""))
}

// Candidates lists the requests whose log has not been closed.
func (l *Log[E]) Candidates(ctx context.Context) iter.Seq2[string, error] {
	return candidates(ctx, l.db, l.name, "")
}
