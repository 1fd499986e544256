package store

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/powerpole/powerpole/pkg/event"
)

// State is what a service keeps of one request. It is stored by its JSON names.
type State interface {
	// Live reports whether a sweep must still look after it.
	Live() bool
	// Pointers lists by what else the request must be found. A pointer is
	// held by one request at a time, so it is a claim on a name as well.
	Pointers() []Pointer
}

// Pointer leads from something outside, as an instance id, to its request.
type Pointer struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

// Claim says what somebody is about to do outside, and until when nobody else
// may. One that has run out belongs to a crash or a failure: what became of its
// effect must be found out first.
type Claim struct {
	Name  string    `json:"name"`
	Until time.Time `json:"until"`
	// Token tells its holder from everybody else.
	Token string `json:"token"`
	// Begun is when this attempt was begun, Since when the first was.
	Begun   time.Time `json:"begun"`
	Since   time.Time `json:"since"`
	Attempt int       `json:"attempt"`
}

// wait is how long to leave a live claim alone before looking again: as long as
// it has been held, so that most are met again soon after they end and a long
// one costs few looks, but not past its end.
func (c Claim) wait(now time.Time) time.Duration {
	return min(max(now.Sub(c.Begun), time.Second), c.Until.Sub(now)+time.Second)
}

// Record is one request in one service.
type Record[T State] struct {
	ID string
	// Version is 0 for a request that the service never heard of.
	Version int64
	State   T
	// Claim is nil where nothing has been begun. A decision that sees one
	// sees one that ran out.
	Claim *Claim
	// Owed is what the world has still to be told, whole.
	Owed []event.Event

	pointers []Pointer // as stored, to see what changed
}

// item is a record as it is stored.
type item[T State] struct {
	PK       string        `json:"pk"`
	SK       string        `json:"sk"`
	Live     string        `json:"live,omitempty"`
	Version  int64         `json:"version"`
	State    T             `json:"state"`
	Claim    *Claim        `json:"claim,omitempty"`
	Owed     []event.Event `json:"owed,omitempty"`
	Pointers []Pointer     `json:"pointers,omitempty"`
	Changed  time.Time     `json:"changed"`
}

const recordSort = "record"

func (r Record[T]) item() item[T] {
	it := item[T]{
		PK: r.ID, SK: recordSort, Version: r.Version + 1, State: r.State, Claim: r.Claim,
		Owed: r.Owed, Pointers: distinct(r.State.Pointers()), Changed: time.Now().UTC(),
	}
	if r.State.Live() || r.Claim != nil || len(r.Owed) > 0 {
		it.Live = liveValue
	}
	return it
}

// distinct drops what is listed twice: DynamoDB refuses a transaction that
// writes one item twice.
func distinct(pointers []Pointer) []Pointer {
	var out []Pointer
	for _, p := range pointers {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

func (it item[T]) record() Record[T] {
	return Record[T]{
		ID: it.PK, Version: it.Version, State: it.State, Claim: it.Claim, Owed: it.Owed, pointers: it.Pointers,
	}
}

// marshal and unmarshal use JSON's names and text forms, so that a type has one
// form everywhere.
func marshal(v any) (map[string]types.AttributeValue, error) {
	m, err := attributevalue.MarshalMapWithOptions(v, func(o *attributevalue.EncoderOptions) {
		o.TagKey = "json"
		o.UseEncodingMarshalers = true
	})
	if err != nil {
		return nil, fmt.Errorf("marshalling an item: %w", err)
	}
	return m, nil
}

func unmarshal(m map[string]types.AttributeValue, v any) error {
	err := attributevalue.UnmarshalMapWithOptions(m, v, func(o *attributevalue.DecoderOptions) {
		o.TagKey = "json"
		o.UseEncodingUnmarshalers = true
	})
	if err != nil {
		return fmt.Errorf("unmarshalling an item: %w", err)
	}
	return nil
}
