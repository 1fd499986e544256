package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

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

const (
	rowSort       = "row#"
	publishedSort = "published"
)

type rowItem struct {
	PK string `json:"pk"`
	SK string `json:"sk"`
	// Body is the row's JSON, the bytes that are hashed.
	Body string `json:"body"`
}

// mark says up to which row a log's events have been published.
type mark struct {
	PK   string `json:"pk"`
	SK   string `json:"sk"`
	Live string `json:"live,omitempty"`
	// Rows is how many rows have been published.
	Rows int `json:"rows"`
}

// Log is a table of rows: the log is the state. Two who append at once are
// settled by the put that comes first.
type Log[E any] struct {
	db     API
	name   string
	source event.Source
	bus    Publisher
}

// NewLog returns the log in the table of that name.
func NewLog[E any](db API, table string, source event.Source, publisher Publisher) (*Log[E], error) {
	if db == nil || table == "" || source == "" || publisher == nil {
		return nil, errors.New("opening a log: client, table, source or publisher is missing")
	}
	return &Log[E]{db: db, name: table, source: source, bus: publisher}, nil
}

// Load reads a request's log and publishes first what its rows still owe.
func (l *Log[E]) Load(ctx context.Context, id string) ([]Row[E], error) {
	rows, err := l.Rows(ctx, id)
	if err != nil || len(rows) == 0 {
		return rows, err
	}
	m, err := l.mark(ctx, id)
	if err != nil || m.Rows >= len(rows) {
		return rows, err
	}
	return rows, l.publish(ctx, rows, m.Rows)
}

// Rows reads a request's log, strongly consistent, and checks its chain: its
// error is ErrBroken where that does not hold. None means that the request was
// never heard of.
func (l *Log[E]) Rows(ctx context.Context, id string) ([]Row[E], error) {
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
			return nil, fmt.Errorf("reading the log of %q: %w", id, err)
		}
		for _, m := range page.Items {
			var it rowItem
			if err := unmarshal(m, &it); err != nil {
				return nil, fmt.Errorf("reading the log of %q: %w", id, err)
			}
			if rows, err = chain(rows, []byte(it.Body)); err != nil {
				return nil, fmt.Errorf("reading the log of %q: %w", id, err)
			}
		}
	}
	return rows, nil
}

// chain adds a stored row to those before it, if it is the next one.
func chain[E any](rows []Row[E], body []byte) ([]Row[E], error) {
	var row Row[E]
	if err := json.Unmarshal(body, &row); err != nil {
		return nil, fmt.Errorf("row %d: %w: %w", len(rows), ErrBroken, err)
	}
	row.Hash = hash(body)
	prev := ""
	if len(rows) > 0 {
		prev = rows[len(rows)-1].Hash
	}
	if row.N != len(rows) || row.Prev != prev {
		return nil, fmt.Errorf("row %d is not the next: %w", row.N, ErrBroken)
	}
	return append(rows, row), nil
}

func hash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// Append puts the next row after those that Load gave, with the events that it
// owes, and publishes them. Its error is ErrConflict where somebody else's row
// came first: load and decide again.
func (l *Log[E]) Append(ctx context.Context, id string, after []Row[E], cause event.Header, entry E, emit ...Emit) error {
	row := Row[E]{Request: id, N: len(after), At: time.Now().UTC().Truncate(time.Millisecond), Entry: entry}
	if len(after) > 0 {
		row.Prev = after[len(after)-1].Hash
	} else if err := l.open(ctx, id); err != nil {
		return err
	}
	var err error
	if row.Owes, err = events(ctx, l.source, id, cause, emit); err != nil {
		return err
	}
	body, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("marshalling row %d of %q: %w", row.N, id, err)
	}
	it := rowItem{PK: id, SK: fmt.Sprintf("%s%06d", rowSort, row.N), Body: string(body)}
	if err := l.put(ctx, it, true); err != nil {
		return err
	}
	return l.publish(ctx, append(after, row), row.N)
}

// open marks a request live before it has a row, so that no row is ever
// overlooked by the sweep.
func (l *Log[E]) open(ctx context.Context, id string) error {
	err := l.put(ctx, mark{PK: id, SK: publishedSort, Live: liveValue}, true)
	if errors.Is(err, ErrConflict) {
		return nil
	}
	return err
}

// Close says that the request has ended and all its rows are published, so that
// the sweep need not look at it again.
func (l *Log[E]) Close(ctx context.Context, id string) error {
	rows, err := l.Load(ctx, id)
	if err != nil || len(rows) == 0 {
		return err
	}
	return l.put(ctx, mark{PK: id, SK: publishedSort, Rows: len(rows)}, false)
}

// publish sends what the rows from n on owe and moves the mark. Moving it back
// by a race, or not at all, only publishes once more.
func (l *Log[E]) publish(ctx context.Context, rows []Row[E], n int) error {
	for _, row := range rows[n:] {
		if len(row.Owes) == 0 {
			continue
		}
		if err := l.bus.Publish(ctx, row.Owes...); err != nil {
			return fmt.Errorf("publishing what row %d of %s owes: %w", row.N, row.Request, err)
		}
	}
	return l.put(ctx, mark{PK: rows[0].Request, SK: publishedSort, Live: liveValue, Rows: len(rows)}, false)
}

func (l *Log[E]) mark(ctx context.Context, id string) (mark, error) {
	out, err := l.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &l.name, Key: itemKey(id, publishedSort), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return mark{}, fmt.Errorf("reading the mark of %q: %w", id, err)
	}
	var m mark
	return m, unmarshal(out.Item, &m)
}

func (l *Log[E]) put(ctx context.Context, v any, ifAbsent bool) error {
	m, err := marshal(v)
	if err != nil {
		return err
	}
	in := &dynamodb.PutItemInput{TableName: &l.name, Item: m}
	if ifAbsent {
		e, err := expression.NewBuilder().WithCondition(expression.AttributeNotExists(expression.Name(hashKey))).Build()
		if err != nil {
			return fmt.Errorf("building a condition: %w", err)
		}
		in.ConditionExpression, in.ExpressionAttributeNames = e.Condition(), e.Names()
	}
	if _, err := l.db.PutItem(ctx, in); err != nil {
		return fmt.Errorf("writing to the log: %w", classify(err))
	}
	return nil
}

// Candidates lists the requests whose log has not been closed.
func (l *Log[E]) Candidates(ctx context.Context) iter.Seq2[string, error] {
	return candidates(ctx, l.db, l.name)
}
