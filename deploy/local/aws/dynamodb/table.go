package dynamodb

import (
	"slices"
	"time"

	"github.com/truora/minidyn/types"
)

// schema is a key: a hash attribute and perhaps a range attribute.
type schema struct{ hash, rng string }

func (k schema) names() []string {
	if k.rng == "" {
		return []string{k.hash}
	}
	return []string{k.hash, k.rng}
}

// index is the table itself or a secondary index of it: its items in order.
type index struct {
	name string
	schema
	projection string   // ALL, KEYS_ONLY or INCLUDE
	include    []string // for INCLUDE
	entries    []entry
}

type entry struct {
	at  position
	row *row
}

// row is one item with its size in bytes.
type row struct {
	item item
	size int
}

// table is one table. Server.mu guards it.
type table struct {
	name, arn string
	created   time.Time
	kinds     map[string]string // key attributes' types
	primary   *index
	secondary []*index
	protected bool
	tags      []tableTag
	input     *createTableInput
}

// find returns the place of a position, and whether something is there.
func (x *index) find(p position) (int, bool) {
	return slices.BinarySearchFunc(x.entries, p, func(e entry, p position) int { return e.at.compare(p) })
}

func (x *index) add(p position, r *row) {
	i, there := x.find(p)
	if there {
		x.entries[i].row = r
		return
	}
	x.entries = slices.Insert(x.entries, i, entry{p, r})
}

func (x *index) remove(p position) {
	if i, there := x.find(p); there {
		x.entries = slices.Delete(x.entries, i, i+1)
	}
}

// primaryKey reads an item's or a key's primary key. The error is AWS's: a
// key attribute is missing, empty, or of another type.
func (t *table) primaryKey(i item) (position, error) {
	var keys [2]key
	for n, name := range t.primary.names() {
		v, ok := i[name]
		if !ok {
			return position{}, invalid("One or more parameter values were invalid: Missing the key %s in the item", name)
		}
		k, ok := keyOf(v, t.kinds[name])
		if !ok {
			return position{}, t.wrongType(name)
		}
		if k.empty() {
			return position{}, invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty value. Key: %s", name)
		}
		keys[n] = k
	}
	return position{hash: keys[0], rng: keys[1]}, nil
}

func (t *table) wrongType(name string) error {
	return invalid("One or more parameter values were invalid: Type mismatch for key %s expected: %s", name, t.kinds[name])
}

// bareKey reads a key that must hold nothing else.
func (t *table) bareKey(i item) (position, error) {
	if len(i) != len(t.primary.names()) {
		return position{}, invalid("The provided key element does not match the schema")
	}
	if err := i.check(); err != nil {
		return position{}, err
	}
	return t.primaryKey(i)
}

// positionIn returns where an item stands in a secondary index. ok is false
// where it does not: indexes are sparse.
func (t *table) positionIn(x *index, i item, primary position) (p position, ok bool, err error) {
	var keys [2]key
	for n, name := range x.names() {
		v, there := i[name]
		if !there {
			return position{}, false, nil
		}
		k, fits := keyOf(v, t.kinds[name])
		if !fits || k.empty() {
			return position{}, false, t.wrongType(name)
		}
		keys[n] = k
	}
	return position{hash: keys[0], rng: keys[1], primaryHash: primary.hash, primary: primary.rng}, true, nil
}

// get returns the row at a primary key, or nil.
func (t *table) get(p position) *row {
	if i, there := t.primary.find(p); there {
		return t.primary.entries[i].row
	}
	return nil
}

// newRow validates an item for this table without storing it.
func (t *table) newRow(i item) (*row, position, error) {
	if err := i.check(); err != nil {
		return nil, position{}, err
	}
	p, err := t.primaryKey(i)
	if err != nil {
		return nil, position{}, err
	}
	for _, x := range t.secondary {
		if _, _, err := t.positionIn(x, i, p); err != nil {
			return nil, position{}, err
		}
	}
	text, err := i.MarshalJSON()
	if err != nil {
		return nil, position{}, err
	}
	if len(text) > maxItem {
		return nil, position{}, invalid("Item size has exceeded the maximum allowed size")
	}
	return &row{item: i, size: len(text)}, p, nil
}

// set stores a row that newRow made, or removes the one at p if r is nil.
func (t *table) set(p position, r *row) {
	if old := t.get(p); old != nil {
		for _, x := range t.secondary {
			if at, ok, _ := t.positionIn(x, old.item, p); ok {
				x.remove(at)
			}
		}
	}
	if r == nil {
		t.primary.remove(p)
		return
	}
	t.primary.add(p, r)
	for _, x := range t.secondary {
		if at, ok, _ := t.positionIn(x, r.item, p); ok { // newRow has seen the errors
			x.add(at, r)
		}
	}
}

// project returns what an index shows of an item.
func (t *table) project(x *index, i item) item {
	switch x.projection {
	case "KEYS_ONLY":
		return i.only(append(t.primary.names(), x.names()...)...)
	case "INCLUDE":
		return i.only(slices.Concat(t.primary.names(), x.names(), x.include)...)
	}
	return i
}

// clone returns a deep copy, for an update expression to change.
func (i item) clone() item {
	out := make(item, len(i))
	for name, v := range i {
		out[name] = cloneValue(v)
	}
	return out
}

func cloneValue(v *types.Item) *types.Item {
	c := *v
	if v.M != nil {
		c.M = item(v.M).clone()
	}
	if v.L != nil {
		c.L = make([]*types.Item, len(v.L))
		for n, e := range v.L {
			c.L[n] = cloneValue(e)
		}
	}
	c.SS, c.NS, c.BS = slices.Clone(v.SS), slices.Clone(v.NS), slices.Clone(v.BS)
	return &c
}
