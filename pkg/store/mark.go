package store

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

const markSort = "published"

// mark says up to which row a log's events have been published, and anchors the
// chain there: without it an edit of the last row would not show.
type mark struct {
	PK   string `json:"pk"`
	SK   string `json:"sk"`
	Live string `json:"live,omitempty"`
	// Rows is how many rows there are; the mark of another number is not to
	// be written over.
	Rows int `json:"rows"`
	// Published is how many of them have been published, Head the hash of the
	// last of these.
	Published int    `json:"published"`
	Head      string `json:"head"`
}

// published is the mark of a log that owes nothing.
func published[E any](rows []Row[E], live string) mark {
	return mark{
		PK: rows[0].Request, SK: markSort, Live: live, Rows: len(rows), Published: len(rows), Head: head(rows),
	}
}

// check compares the rows that were read with the anchor. Rows that are not yet
// published have none: a transaction's items are not seen at once.
func (m mark) check(rows int, hash func(int) string) error {
	if m.Published > rows {
		return fmt.Errorf("%d of %d rows are there: %w", rows, m.Published, ErrBroken)
	}
	if m.Published > 0 && hash(m.Published-1) != m.Head {
		return fmt.Errorf("row %d was changed: %w", m.Published-1, ErrBroken)
	}
	return nil
}

func (l *Log[E]) mark(ctx context.Context, id string) (mark, error) {
	out, err := l.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &l.name, Key: itemKey(id, markSort), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return mark{}, fmt.Errorf("reading the mark of %q: %w", id, err)
	}
	var m mark
	if err := unmarshal(out.Item, &m); err != nil {
		return mark{}, fmt.Errorf("reading the mark of %q: %w", id, err)
	}
	return m, nil
}

// move writes a mark while the log has no other rows, and under what else is
// asked. Its error is ErrConflict where that does not hold.
func (l *Log[E]) move(ctx context.Context, m mark, also ...expression.ConditionBuilder) error {
	cond := expression.Name("rows").Equal(expression.Value(m.Rows))
	for _, c := range also {
		cond = cond.And(c)
	}
	put, err := conditional(l.name, m, cond)
	if err != nil {
		return err
	}
	if err := putItem(ctx, l.db, put); err != nil {
		return fmt.Errorf("moving the mark of %q: %w", m.PK, err)
	}
	return nil
}
