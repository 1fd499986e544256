package dynamodb

import (
	"context"
	"maps"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
	"github.com/truora/minidyn/interpreter"
)

const allOld = "ALL_OLD"

// write is one put, delete or update of an item, alone or in a transaction.
type write struct {
	TableName           string
	Item                item // of a put
	Key                 item // of the others
	UpdateExpression    string
	ConditionExpression string
	expressions
	ReturnValues                        string
	ReturnValuesOnConditionCheckFailure string
	legacy
}

// legacy are parameters from before expressions, which nobody here needs.
type legacy struct {
	Expected         map[string]any
	AttributeUpdates map[string]any
}

func (l legacy) check() error {
	if len(l.Expected)+len(l.AttributeUpdates) > 0 {
		return invalid("the embedded DynamoDB has no legacy conditions, use expressions")
	}
	return nil
}

// change is what a write would do: the row it would leave at a primary key,
// nil for none, and what is there now.
type change struct {
	table     *table
	at        position
	old, next *row
}

func (c *change) apply() { c.table.set(c.at, c.next) }

func (c *change) oldItem() item {
	if c.old == nil {
		return nil
	}
	return c.old.item
}

// conditionFailed is a condition that did not hold, with the item that was
// there if the caller asked for it.
func (w *write) conditionFailed(old item) error {
	e := wire.Errorf("ConditionalCheckFailedException", "The conditional request failed")
	if w.ReturnValuesOnConditionCheckFailure == allOld && old != nil {
		e.Fields = map[string]any{"Item": old}
	}
	return e
}

// holds returns an error unless the write's condition holds for what is there.
func (w *write) holds(old item) error {
	ok, err := w.match(w.ConditionExpression, old, interpreter.ExpressionTypeConditional)
	if err == nil && !ok {
		return w.conditionFailed(old)
	}
	return err
}

func (w *write) check() error {
	if err := w.legacy.check(); err != nil {
		return err
	}
	return w.expressions.check(w.ConditionExpression, w.UpdateExpression)
}

// planPut, planDelete and planUpdate check everything about a write, its
// condition last, and change nothing.

func (t *table) planPut(w *write) (*change, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	next, at, err := t.newRow(w.Item)
	if err != nil {
		return nil, err
	}
	c := &change{table: t, at: at, old: t.get(at), next: next}
	return c, w.holds(c.oldItem())
}

func (t *table) planDelete(w *write) (*change, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	at, err := t.bareKey(w.Key)
	if err != nil {
		return nil, err
	}
	c := &change{table: t, at: at, old: t.get(at)}
	return c, w.holds(c.oldItem())
}

// planCheck is a condition on an item that stays as it is.
func (t *table) planCheck(w *write) (*change, error) {
	c, err := t.planDelete(w)
	if err != nil {
		return nil, err
	}
	c.next = c.old
	return c, nil
}

func (t *table) planUpdate(w *write) (*change, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	at, err := t.bareKey(w.Key)
	if err != nil {
		return nil, err
	}
	c := &change{table: t, at: at, old: t.get(at)}
	if err := w.holds(c.oldItem()); err != nil {
		return nil, err
	}
	from := maps.Clone(w.Key)
	if c.old != nil {
		from = c.old.item
	}
	updated := from.clone()
	if w.UpdateExpression != "" {
		if updated, err = w.update(w.UpdateExpression, from); err != nil {
			return nil, err
		}
	}
	next, moved, err := t.newRow(updated)
	if err == nil && moved.compare(at) != 0 {
		err = invalid("One or more parameter values were invalid: Cannot update attribute that is part of the key")
	}
	c.next = next
	return c, err
}

type attributesOutput struct {
	Attributes item `json:",omitempty"`
}

func (s *Server) putItem(_ context.Context, in *write) (*attributesOutput, error) {
	return s.writeOne(in, (*table).planPut)
}

func (s *Server) deleteItem(_ context.Context, in *write) (*attributesOutput, error) {
	return s.writeOne(in, (*table).planDelete)
}

func (s *Server) updateItem(_ context.Context, in *write) (*attributesOutput, error) {
	return s.writeOne(in, (*table).planUpdate)
}

func (s *Server) writeOne(in *write, plan func(*table, *write) (*change, error)) (*attributesOutput, error) {
	return locked(s, in.TableName, func(t *table) (*attributesOutput, error) {
		c, err := plan(t, in)
		if err != nil {
			return nil, err
		}
		switch in.ReturnValues {
		case "", "NONE":
			c.apply()
			return &attributesOutput{}, nil
		case allOld:
			c.apply()
			return &attributesOutput{c.oldItem()}, nil
		case "ALL_NEW":
			if in.Key != nil && c.next != nil { // an update
				c.apply()
				return &attributesOutput{c.next.item}, nil
			}
		}
		return nil, invalid("ReturnValues %s is not supported here", in.ReturnValues)
	})
}

type batchWriteInput struct {
	RequestItems map[string][]struct {
		PutRequest    *struct{ Item item }
		DeleteRequest *struct{ Key item }
	}
}

type batchWriteOutput struct{ UnprocessedItems map[string]any }

// batchWriteItem makes up to 25 writes. Here all of them are valid or none is
// made; AWS promises less.
func (s *Server) batchWriteItem(_ context.Context, in *batchWriteInput) (*batchWriteOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all changes
	for _, name := range sortedKeys(in.RequestItems) {
		t, ok := s.tables[name]
		if !ok {
			return nil, noTable(name)
		}
		for _, r := range in.RequestItems[name] {
			var c *change
			var err error
			switch {
			case r.PutRequest != nil && r.DeleteRequest == nil:
				c, err = t.planPut(&write{Item: r.PutRequest.Item})
			case r.DeleteRequest != nil && r.PutRequest == nil:
				c, err = t.planDelete(&write{Key: r.DeleteRequest.Key})
			default:
				err = invalid("A write request must contain a PutRequest or a DeleteRequest")
			}
			if err != nil {
				return nil, err
			}
			all = append(all, c)
		}
	}
	if len(all) == 0 || len(all) > 25 {
		return nil, invalid("Too many items requested for the BatchWriteItem call, or none: %d", len(all))
	}
	if all.overlap() {
		return nil, invalid("Provided list of item keys contains duplicates")
	}
	all.apply()
	return &batchWriteOutput{map[string]any{}}, nil
}

type changes []*change

// overlap reports whether two of the changes are of the same item.
func (all changes) overlap() bool {
	for n, a := range all {
		for _, b := range all[:n] {
			if a.table == b.table && a.at.compare(b.at) == 0 {
				return true
			}
		}
	}
	return false
}

func (all changes) apply() {
	for _, c := range all {
		c.apply()
	}
}
