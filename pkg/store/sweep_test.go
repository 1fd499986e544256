package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// visited collects whom a sweep visited.
type visited struct {
	mu  sync.Mutex
	ids []string
}

func (v *visited) add(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ids = append(v.ids, id)
}

// living makes n live records and returns their ids.
func living(t *testing.T, m *store.Machine[lease], n int) (ids []string) {
	t.Helper()
	for i := range n {
		id := fmt.Sprintf("pp-01jdxnvs00000000000000%04d", i)
		err := m.Run(t.Context(), id, event.Header{}, func(r record) step {
			if r.Version > 0 {
				return store.Done[lease]()
			}
			return store.Move(transition{To: func(l *lease) { l.Thing = "x" }})
		})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

func TestASweepVisitsEverybodyOnceThoughSomeVisitsFail(t *testing.T) {
	t.Parallel()
	db := fresh(t)
	ids := living(t, machine(t, db, newWall(), &fate{}), 40)
	s, err := store.NewSweep(db, tableName, new(bus.Quiet), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var v visited
	err = s.Run(t.Context(), func(_ context.Context, id string) error {
		v.add(id)
		if id == ids[3] {
			return errors.New("this one is broken")
		}
		return bus.Later(time.Hour, errors.New("not yet"))
	})
	slices.Sort(v.ids)
	if err != nil || !slices.Equal(v.ids, ids) {
		t.Errorf("visited %v, %v", v.ids, err)
	}
}

// counted notes how many items the largest page had, and how many pages there were.
type counted struct {
	*dynamodb.Client
	largest, pages int
}

func (p *counted) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	out, err := p.Client.Query(ctx, in, o...)
	if err == nil {
		p.largest, p.pages = max(p.largest, len(out.Items)), p.pages+1
	}
	return out, err
}

func TestASweepReadsWhatIsLiveInPagesOfABoundedSize(t *testing.T) {
	t.Parallel()
	db := fresh(t)
	ids := living(t, machine(t, db, newWall(), &fate{}), 1100)
	p := &counted{Client: db}
	s, err := store.NewSweep(p, tableName, new(bus.Quiet), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var v visited
	err = s.Run(t.Context(), func(_ context.Context, id string) error { v.add(id); return nil })
	slices.Sort(v.ids)
	if err != nil || !slices.Equal(v.ids, ids) || p.largest != 500 || p.pages != 3 {
		t.Errorf("visited %d of %d in %d pages of %d at most, %v", len(v.ids), len(ids), p.pages, p.largest, err)
	}
}

func TestALongSweepGoesOnWhereItsMessagesTimeWasOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := fresh(t)
		ids := living(t, machine(t, db, newWall(), &fate{}), 60)
		s, err := store.NewSweep(db, tableName, new(bus.Quiet), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		var v visited
		rounds := 0
		for {
			rounds++
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			err := s.Run(ctx, func(_ context.Context, id string) error {
				time.Sleep(12 * time.Second)
				v.add(id)
				return nil
			})
			cancel()
			if _, later := bus.IsLater(err); !later {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
		}
		slices.Sort(v.ids)
		if !slices.Equal(v.ids, ids) || rounds < 2 {
			t.Errorf("visited in %d rounds %d of %d", rounds, len(v.ids), len(ids))
		}
		// The next sweep begins at the beginning.
		v.ids = nil
		if err := s.Run(t.Context(), func(_ context.Context, id string) error { v.add(id); return nil }); err != nil || len(v.ids) != len(ids) {
			t.Errorf("the next visited %d, %v", len(v.ids), err)
		}
	})
}

func TestOnlyASweepThatFindsNothingLiveDeclaresItQuiet(t *testing.T) {
	t.Parallel()
	for live, want := range []bool{true, false} {
		db, quiet := fresh(t), new(bus.Quiet)
		living(t, machine(t, db, newWall(), &fate{}), live)
		s, err := store.NewSweep(db, tableName, quiet, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		err = s.Run(t.Context(), func(context.Context, string) error { return nil })
		if err != nil || quiet.Holds() != want {
			t.Errorf("quiet with %d live: %t, %v", live, quiet.Holds(), err)
		}
	}
}

func TestASweepBeginsNoVisitOnceItsTimeIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := fresh(t)
		living(t, machine(t, db, newWall(), &fate{}), 40)
		s, err := store.NewSweep(db, tableName, new(bus.Quiet), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var v visited
		err = s.Run(ctx, func(_ context.Context, id string) error {
			v.add(id)
			return nil
		})
		if _, later := bus.IsLater(err); !later || len(v.ids) > 0 {
			t.Errorf("visited %v, %v", v.ids, err)
		}
	})
}
