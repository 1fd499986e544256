package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"go.uber.org/goleak"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const tableName = "leases"

// lease is a state with everything that a service's state may have.
type lease struct {
	Names []string `json:"names,omitempty"` // pointers
	Ended bool     `json:"ended,omitempty"`
	// Thing is what was made outside, Tries how often that was begun.
	Thing string `json:"thing,omitempty"`
	Tries int    `json:"tries,omitempty"`
	Made  bool   `json:"made,omitempty"`
	Told  bool   `json:"told,omitempty"`
}

func (l lease) Live() bool { return !l.Ended }

func (l lease) Pointers() []store.Pointer {
	var out []store.Pointer
	for _, n := range l.Names {
		out = append(out, store.Pointer{Kind: "name", Value: n})
	}
	return out
}

type (
	step       = store.Step[lease]
	record     = store.Record[lease]
	transition = store.Transition[lease]
	action     = store.Action[lease]
)

var errDead = errors.New("the process is dead")

// fate lets a process die at its nth call to the outside, before the call has
// its effect or after it: that call and all later ones fail. n = 0 is never.
type fate struct {
	mu       sync.Mutex
	n, calls int
	after    bool
}

func (f *fate) through(call func() error) error {
	f.mu.Lock()
	f.calls++
	calls := f.calls
	f.mu.Unlock()
	if f.n > 0 && (calls > f.n || calls == f.n && !f.after) {
		return errDead
	}
	err := call()
	if f.n > 0 && calls == f.n {
		return errDead
	}
	return err
}

// mortalDB is DynamoDB as a process with that fate sees it.
type mortalDB struct {
	store.API
	*fate
}

func reach[I, O any](f *fate, ctx context.Context, in I, call func(context.Context, I, ...func(*dynamodb.Options)) (O, error)) (O, error) {
	var out, none O
	err := f.through(func() (err error) { out, err = call(ctx, in); return err })
	if err != nil {
		return none, err
	}
	return out, nil
}

func (d mortalDB) GetItem(ctx context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return reach(d.fate, ctx, in, d.API.GetItem)
}

func (d mortalDB) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return reach(d.fate, ctx, in, d.API.PutItem)
}

func (d mortalDB) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return reach(d.fate, ctx, in, d.API.TransactWriteItems)
}

func (d mortalDB) Query(ctx context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return reach(d.fate, ctx, in, d.API.Query)
}

// wall is a bus that keeps what it was given, and refuses all while err is set.
type wall struct {
	mu   sync.Mutex
	err  error
	seen map[string][]string // by id, each time's bytes
}

func newWall() *wall { return &wall{seen: map[string][]string{}} }

func (w *wall) Publish(_ context.Context, events ...event.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	for _, e := range events {
		b, err := json.Marshal(e)
		if err != nil {
			return err
		}
		w.seen[e.Detail.ID] = append(w.seen[e.Detail.ID], string(b))
	}
	return nil
}

func (w *wall) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
}

// ids lists the events that were published, and reports any that was not said
// again in the same bytes.
func (w *wall) ids(t interface{ Errorf(string, ...any) }) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, said := range w.seen {
		if n := len(slices.Compact(slices.Clone(said))); n != 1 {
			t.Errorf("event %s was published in %d forms: %q", id, n, said)
		}
	}
	return slices.Sorted(maps.Keys(w.seen))
}

type mortalBus struct {
	to *wall
	*fate
}

func (b mortalBus) Publish(ctx context.Context, events ...event.Event) error {
	return b.through(func() error { return b.to.Publish(ctx, events...) })
}

// alarm is an event to owe, told apart by its text.
func alarm(text string) store.Emit {
	return store.Emit{Data: event.Alarmed{Alarm: "test", Text: text}, Discriminator: text}
}

func idOf(request, text string) string { return event.ID(event.Grantor, "Alarmed", request, text) }

// idsOf are the ids of those alarms, sorted.
func idsOf(request string, texts ...string) []string {
	var out []string
	for _, s := range texts {
		out = append(out, idOf(request, s))
	}
	slices.Sort(out)
	return out
}

// fresh returns a client of an empty table. It ends with the test.
func fresh(t *testing.T) *dynamodb.Client {
	t.Helper()
	stack, err := aws.New(t.Context(), aws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stack.Close)
	db := dynamodb.NewFromConfig(stack.Config())
	if _, err := db.CreateTable(t.Context(), store.Schema(tableName)); err != nil {
		t.Fatal(err)
	}
	return db
}

// machine is one process of a service.
func machine(t testing.TB, db store.API, to *wall, f *fate) *store.Machine[lease] {
	t.Helper()
	table, err := store.NewTable[lease](mortalDB{db, f}, tableName)
	if err != nil {
		t.Fatal(err)
	}
	m, err := store.NewMachine(event.Grantor, table, mortalBus{to, f})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// once makes a decision that takes a step and is then done, or waits with what
// is still claimed.
func once(s step) func(record) step {
	taken := false
	return func(record) step {
		if taken {
			return store.Done[lease]()
		}
		taken = true
		return s
	}
}

func move(to func(*lease), emit ...store.Emit) step {
	return store.Move(transition{To: to, Emit: emit})
}

func candidates(t *testing.T, list func(func(string, error) bool)) []string {
	t.Helper()
	var out []string
	for id, err := range list {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, id)
	}
	return out
}

// paged is a DynamoDB whose pages have two items.
type paged struct{ store.API }

func (p paged) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	two := int32(2)
	short := *in
	short.Limit = &two
	return p.API.Query(ctx, &short, o...)
}
