package store_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/powerpole/powerpole/pkg/clock"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// occurred is when all events occurred that were published.
func occurred(t *testing.T, w *wall) (out []time.Time) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, times := range w.seen {
		var e event.Event
		if err := json.Unmarshal([]byte(times[0]), &e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e.Detail.OccurredAt)
	}
	return out
}

func TestMomentsAreWrittenByTheServicesOwnClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db, to, own := fresh(t), newWall(), clock.Ahead(-3*time.Minute)
		l, err := store.NewLog[string](db, tableName, event.Grantor, to, store.WithClock(own))
		if err != nil {
			t.Fatal(err)
		}
		write(t, l, "asked")
		rows, err := l.Rows(t.Context(), id)
		if err != nil || !rows[0].At.Equal(own.Now()) {
			t.Errorf("the row is of %v, want %v: %v", rows[0].At, own.Now(), err)
		}
		table, err := store.NewTable[lease](db, tableName)
		if err != nil {
			t.Fatal(err)
		}
		m, err := store.NewMachine(event.Grantor, table, to, store.WithClock(own))
		if err != nil {
			t.Fatal(err)
		}
		err = m.Run(t.Context(), "other", event.Header{}, once(store.Act(action{
			Name: "make", For: 30 * time.Second,
			Do: func(ctx context.Context, _ lease) (transition, error) {
				r, err := table.Load(ctx, "other")
				if err == nil && !r.Claim.Until.Equal(own.Now().Add(30*time.Second)) {
					t.Errorf("the claim is until %v, want half a minute after %v", r.Claim.Until, own.Now())
				}
				return transition{Emit: []store.Emit{alarm("made")}}, err
			},
		})))
		if err != nil {
			t.Fatal(err)
		}
		if all := occurred(t, to); len(all) != 2 || slices.ContainsFunc(all, func(at time.Time) bool { return !at.Equal(own.Now()) }) {
			t.Errorf("events occurred at %v, want %v", all, own.Now())
		}
	})
}
