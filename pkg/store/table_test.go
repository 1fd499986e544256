package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

func name(n ...string) func(*lease) { return func(l *lease) { l.Names = n } }

func TestARequestNeverHeardOfHasVersionZero(t *testing.T) {
	t.Parallel()
	m := machine(t, fresh(t), newWall(), &fate{})
	r, err := m.Table().Load(t.Context(), "pp-x")
	if err != nil || r.Version != 0 || r.ID != "pp-x" || r.Claim != nil {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestAPointerMovesWithTheRecordThatHoldsIt(t *testing.T) {
	t.Parallel()
	m := machine(t, fresh(t), newWall(), &fate{})
	run := func(id string, names ...string) error {
		return m.Run(t.Context(), id, event.Header{}, once(move(name(names...))))
	}
	holder := func(n string) string {
		id, err := m.Table().Find(t.Context(), store.Pointer{Kind: "name", Value: n})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	if err := run("a", "one", "two"); err != nil {
		t.Fatal(err)
	}
	if holder("one") != "a" || holder("two") != "a" || holder("three") != "" {
		t.Fatal("the pointers do not lead to their record")
	}
	if err := run("b", "three", "one"); !errors.Is(err, store.ErrTaken) {
		t.Fatalf("taking another's pointer: %v, want ErrTaken", err)
	}
	if r, err := m.Table().Load(t.Context(), "b"); err != nil || r.Version != 0 || holder("three") != "" {
		t.Fatal("a refused write left something behind")
	}
	if err := run("a", "two"); err != nil {
		t.Fatal(err)
	}
	if err := run("b", "one"); err != nil || holder("one") != "b" || holder("two") != "a" {
		t.Fatalf("a freed pointer was not to be had: %v", err)
	}
}

func TestAPointerListedTwiceIsOne(t *testing.T) {
	t.Parallel()
	m := machine(t, fresh(t), newWall(), &fate{})
	if err := m.Run(t.Context(), "a", event.Header{}, once(move(name("one", "one")))); err != nil {
		t.Fatal(err)
	}
}

// A page of the index is two items here.
func TestTheIndexHoldsWhatIsLiveOrOwingOrClaimed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		to := newWall()
		db := fresh(t)
		m := machine(t, paged{db}, to, &fate{})
		end := func(l *lease) { l.Ended = true }
		var want []string
		for n := range 7 {
			id := fmt.Sprintf("live-%d", n)
			want = append(want, id)
			if err := m.Run(t.Context(), id, event.Header{}, once(move(name(id)))); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Run(t.Context(), "ended", event.Header{}, once(move(end, alarm("over")))); err != nil {
			t.Fatal(err)
		}
		to.fail(errors.New("bus is away"))
		if err := m.Run(t.Context(), "owing", event.Header{}, once(move(end, alarm("over")))); err == nil {
			t.Fatal("what was not published is no success")
		}
		to.fail(nil)
		dying := errors.New("no effect")
		err := m.Run(t.Context(), "claimed", event.Header{}, once(store.Act(action{
			Name: "a", For: time.Second, Intent: end, Do: func(context.Context, lease) (transition, error) { return transition{}, dying },
		})))
		if !errors.Is(err, dying) {
			t.Fatal(err)
		}
		want = append(want, "owing", "claimed")
		slices.Sort(want)
		got := candidates(t, m.Table().Candidates(t.Context()))
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("live: %v, want %v", got, want)
		}
		if err := m.Settle(t.Context(), "owing"); err != nil {
			t.Fatal(err)
		}
		if got := candidates(t, m.Table().Candidates(t.Context())); slices.Contains(got, "owing") {
			t.Error("a settled record is still listed")
		}
	})
}
