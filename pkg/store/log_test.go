package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

func newLog(t *testing.T, db store.API, to *wall, f *fate) *store.Log[string] {
	t.Helper()
	l, err := store.NewLog[string](mortalDB{db, f}, tableName, event.Grantor, mortalBus{to, f})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// write appends entries that each owe an event of their name.
func write(t *testing.T, l *store.Log[string], entries ...string) {
	t.Helper()
	for _, entry := range entries {
		rows, err := l.Load(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Append(t.Context(), id, rows, event.Header{}, entry, alarm(entry)); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, l *store.Log[string]) []string {
	t.Helper()
	rows, err := l.Rows(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range rows {
		out = append(out, r.Entry)
	}
	return out
}

func TestALogIsReadAsItWasWrittenOverSeveralPages(t *testing.T) {
	t.Parallel()
	l := newLog(t, paged{fresh(t)}, newWall(), &fate{})
	if rows, err := l.Load(t.Context(), id); err != nil || len(rows) != 0 {
		t.Errorf("a request never heard of has %v, %v", rows, err)
	}
	if err := l.Close(t.Context(), id); err != nil {
		t.Errorf("closing a log that is not there: %v", err)
	}
	write(t, l, "a", "b", "c", "d", "e")
	if diff := cmp.Diff([]string{"a", "b", "c", "d", "e"}, read(t, l)); diff != "" {
		t.Error(diff)
	}
}

func TestOfTwoWhoAppendAtOnceOneDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db, to := fresh(t), newWall()
		l := newLog(t, db, to, &fate{})
		write(t, l, "a", "b")
		rows, err := l.Load(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		lost := make([]error, 8)
		for n := range lost {
			all.Go(func() {
				entry := fmt.Sprint("c", n)
				lost[n] = newLog(t, db, to, &fate{}).Append(t.Context(), id, rows, event.Header{}, entry, alarm(entry))
			})
		}
		all.Wait()
		won := slices.Index(lost, nil)
		for n, err := range lost {
			if n != won && !errors.Is(err, store.ErrConflict) {
				t.Errorf("%d: %v, want ErrConflict", n, err)
			}
		}
		winner := fmt.Sprint("c", won)
		if diff := cmp.Diff([]string{"a", "b", winner}, read(t, l)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(idsOf(id, "a", "b", winner), to.ids(t)); diff != "" {
			t.Error("published", diff)
		}
	})
}

func TestRowsThatWereNotPublishedAreByWhoeverLoads(t *testing.T) {
	t.Parallel()
	to := newWall()
	l := newLog(t, fresh(t), to, &fate{})
	write(t, l, "a")
	to.fail(errDead)
	rows, _ := l.Rows(t.Context(), id)
	if err := l.Append(t.Context(), id, rows, event.Header{}, "b", alarm("b")); !errors.Is(err, errDead) {
		t.Fatalf("got %v, want the publisher's error", err)
	}
	if _, err := l.Load(t.Context(), id); !errors.Is(err, errDead) {
		t.Fatalf("got %v, want the publisher's error", err)
	}
	to.fail(nil)
	if _, err := l.Load(t.Context(), id); err != nil || !slices.Equal(to.ids(t), idsOf(id, "a", "b")) {
		t.Errorf("%v, published %v", err, to.ids(t))
	}
	before := len(to.seen[idOf(id, "b")])
	if _, err := l.Load(t.Context(), id); err != nil || len(to.seen[idOf(id, "b")]) != before {
		t.Errorf("%v, published again", err)
	}
}

func TestAClosedLogIsNotLiveUntilItsNextRow(t *testing.T) {
	t.Parallel()
	to := newWall()
	l := newLog(t, fresh(t), to, &fate{})
	live := func() []string { return candidates(t, l.Candidates(t.Context())) }
	write(t, l, "a")
	if got := live(); !slices.Equal(got, []string{id}) {
		t.Fatalf("live: %v", got)
	}
	if err := l.Close(t.Context(), id); err != nil || len(live()) != 0 {
		t.Fatalf("%v, live: %v", err, live())
	}
	if _, err := l.Load(t.Context(), id); err != nil || len(live()) != 0 {
		t.Errorf("%v: reading a closed log has opened it", err)
	}
	to.fail(errDead)
	rows, _ := l.Rows(t.Context(), id)
	if err := l.Append(t.Context(), id, rows, event.Header{}, "b", alarm("b")); !errors.Is(err, errDead) {
		t.Fatal(err)
	}
	if !slices.Equal(live(), []string{id}) {
		t.Error("a row that owes something is on no list")
	}
	if err := l.Close(t.Context(), id); !errors.Is(err, errDead) || len(live()) != 1 {
		t.Errorf("closed while it owes something: %v", err)
	}
}

// meddling does something once, between reading a log and the next put.
type meddling struct {
	store.API
	do func()
}

func (m *meddling) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if do := m.do; do != nil {
		m.do = nil
		do()
	}
	return m.API.PutItem(ctx, in)
}

func TestARowThatComesWhileALogIsBeingClosedKeepsItLive(t *testing.T) {
	t.Parallel()
	db, to := fresh(t), newWall()
	l := newLog(t, db, to, &fate{})
	write(t, l, "a")
	closing := newLog(t, &meddling{db, func() {
		to.fail(errDead)
		rows, _ := l.Rows(t.Context(), id)
		_ = l.Append(t.Context(), id, rows, event.Header{}, "b", alarm("b"))
	}}, to, &fate{})
	if err := closing.Close(t.Context(), id); !errors.Is(err, store.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
	if got := candidates(t, l.Candidates(t.Context())); !slices.Equal(got, []string{id}) {
		t.Errorf("live: %v", got)
	}
	to.fail(nil)
	if _, err := l.Load(t.Context(), id); err != nil || !slices.Contains(to.ids(t), idOf(id, "b")) {
		t.Errorf("%v: the row was never published", err)
	}
}

func TestALatePublisherDoesNotMoveTheMarkBack(t *testing.T) {
	t.Parallel()
	for _, meanwhile := range [][]string{nil, {"b"}} {
		db, to := fresh(t), newWall()
		l := newLog(t, db, to, &fate{})
		late := newLog(t, &meddling{db, func() {
			write(t, l, meanwhile...)
			if err := l.Close(t.Context(), id); err != nil {
				t.Error(err)
			}
		}}, to, &fate{})
		if err := late.Append(t.Context(), id, nil, event.Header{}, "a", alarm("a")); err != nil {
			t.Fatal(err)
		}
		if got := candidates(t, l.Candidates(t.Context())); len(got) != 0 {
			t.Errorf("after %v: a closed log was opened", meanwhile)
		}
	}
}

// items reads the log as it lies in the table, the rows' bodies by sort key.
func items(t *testing.T, db *dynamodb.Client) []map[string]types.AttributeValue {
	t.Helper()
	table := tableName
	out, err := db.Scan(t.Context(), &dynamodb.ScanInput{TableName: &table})
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(out.Items, func(it map[string]types.AttributeValue) bool { return it["body"] == nil })
}

func putRaw(t *testing.T, db *dynamodb.Client, item map[string]types.AttributeValue) {
	t.Helper()
	table := tableName
	if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: item}); err != nil {
		t.Fatal(err)
	}
}

func TestAnyChangedByteOfAnyRowIsFound(t *testing.T) {
	t.Parallel()
	db := fresh(t)
	l := newLog(t, db, newWall(), &fate{})
	write(t, l, "a", "b", "c")
	for _, it := range items(t, db) {
		body := it["body"].(*types.AttributeValueMemberS).Value
		for n := range body {
			edited := body[:n] + string(body[n]^1) + body[n+1:]
			it["body"] = &types.AttributeValueMemberS{Value: edited}
			putRaw(t, db, it)
			if _, err := l.Load(t.Context(), id); !errors.Is(err, store.ErrBroken) {
				t.Fatalf("%s was not found: %v", edited, err)
			}
		}
		it["body"] = &types.AttributeValueMemberS{Value: body}
		putRaw(t, db, it)
	}
	read(t, l) // as it was
}

func TestARowThatIsGoneOrAnothersIsFound(t *testing.T) {
	t.Parallel()
	for what, edit := range map[string]func(*testing.T, *dynamodb.Client, []map[string]types.AttributeValue) string{
		"the first is gone": func(t *testing.T, db *dynamodb.Client, rows []map[string]types.AttributeValue) string {
			return drop(t, db, rows[0])
		},
		"the last is gone": func(t *testing.T, db *dynamodb.Client, rows []map[string]types.AttributeValue) string {
			return drop(t, db, rows[2])
		},
		"two are exchanged": func(t *testing.T, db *dynamodb.Client, rows []map[string]types.AttributeValue) string {
			rows[0]["body"], rows[1]["body"] = rows[1]["body"], rows[0]["body"]
			putRaw(t, db, rows[0])
			putRaw(t, db, rows[1])
			return id
		},
		"they are another request's": func(t *testing.T, db *dynamodb.Client, rows []map[string]types.AttributeValue) string {
			other := strings.Replace(id, "a", "b", 1)
			for _, r := range rows {
				r["pk"] = &types.AttributeValueMemberS{Value: other}
				putRaw(t, db, r)
			}
			return other
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			db := fresh(t)
			l := newLog(t, db, newWall(), &fate{})
			write(t, l, "a", "b", "c")
			if _, err := l.Rows(t.Context(), edit(t, db, items(t, db))); !errors.Is(err, store.ErrBroken) {
				t.Errorf("got %v, want ErrBroken", err)
			}
		})
	}
}

func drop(t *testing.T, db *dynamodb.Client, row map[string]types.AttributeValue) string {
	t.Helper()
	table := tableName
	key := map[string]types.AttributeValue{"pk": row["pk"], "sk": row["sk"]}
	if _, err := db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &table, Key: key}); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestWhereverAWriterOfALogDiesTheNextOneGoesOn(t *testing.T) {
	t.Parallel()
	want := []string{"a", "b", "c"}
	for _, after := range []bool{false, true} {
		for n, met := 1, true; met; n++ {
			f := &fate{n: n, after: after}
			db, to := fresh(t), newWall()
			err := writeAll(t.Context(), newLog(t, db, to, f), want)
			if met = f.calls >= n; (err != nil) != met {
				t.Errorf("death %d: got %v", n, err)
			}
			l := newLog(t, db, to, &fate{})
			if err := writeAll(t.Context(), l, want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, read(t, l)); diff != "" {
				t.Errorf("death %d, after %v: %s", n, after, diff)
			}
			if diff := cmp.Diff(idsOf(id, want...), to.ids(t)); diff != "" {
				t.Errorf("death %d, after %v: published %s", n, after, diff)
			}
			if live := candidates(t, l.Candidates(t.Context())); len(live) != 0 {
				t.Errorf("death %d, after %v: still live", n, after)
			}
		}
	}
}

// writeAll brings the log to those entries and closes it, from wherever it is.
func writeAll(ctx context.Context, l *store.Log[string], entries []string) error {
	for {
		rows, err := l.Load(ctx, id)
		if err != nil {
			return err
		}
		if len(rows) == len(entries) {
			return l.Close(ctx, id)
		}
		next := entries[len(rows)]
		if err := l.Append(ctx, id, rows, event.Header{}, next, alarm(next)); err != nil {
			return err
		}
	}
}
