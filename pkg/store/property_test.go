package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// death is a process that dies, and how long nobody takes notice.
type death struct {
	At    int
	After bool
	Pause int // seconds
}

// faults collects what is wrong, so that a property can shrink it.
type faults struct {
	ctx   context.Context //nolint:containedctx // as testing.T has one
	found []string
}

func (f *faults) Context() context.Context { return f.ctx }
func (f *faults) Errorf(format string, args ...any) {
	f.found = append(f.found, fmt.Sprintf(format, args...))
}

// Any number of processes that die anywhere, at any times, end where one that
// lives does, and after each of them holds what must always hold.
func TestAnyDeathsInAnyOrderEndWhereALifeDoes(t *testing.T) {
	t.Parallel()
	drawn := rapid.Custom(func(t *rapid.T) death {
		return death{rapid.IntRange(1, 16).Draw(t, "at"), rapid.Bool().Draw(t, "after"), rapid.IntRange(0, 60).Draw(t, "pause")}
	})
	rapid.Check(t, func(r *rapid.T) {
		deaths := rapid.SliceOfN(drawn, 0, 6).Draw(r, "deaths")
		var found []string
		synctest.Test(t, func(t *testing.T) { found = live(t, deaths) })
		if len(found) > 0 {
			r.Fatal(found)
		}
	})
}

func live(t *testing.T, deaths []death) []string {
	f := &faults{ctx: t.Context()}
	db, to, o := fresh(t), newWall(), newOutside()
	m := machine(t, db, to, &fate{})
	for _, d := range deaths {
		it := &fate{n: d.At, after: d.After}
		_ = machine(t, db, to, it).Run(t.Context(), id, event.Header{}, making(o, it)) // what came of it shows below
		between(f, m, o, to)
		time.Sleep(time.Duration(d.Pause) * time.Second)
	}
	converge(t, func() error { return m.Run(t.Context(), id, event.Header{}, making(o, &fate{})) })
	check(f, m, o, to)
	return f.found
}

// between is the model: what is outside is in the record, what the record says
// was made is outside, and nothing was told that is not in the record.
func between(f *faults, m *store.Machine[lease], o *outside, to *wall) {
	r, err := m.Table().Load(f.ctx, id)
	if err != nil {
		f.Errorf("loading: %v", err)
	}
	things := o.all()
	if len(things) > 1 || len(things) == 1 && things[0] != r.State.Thing {
		f.Errorf("outside is %v, the record says %q", things, r.State.Thing)
	}
	if r.State.Made && len(things) == 0 {
		f.Errorf("%q is not outside", r.State.Thing)
	}
	told := to.ids(f)
	for text, so := range map[string]bool{"made": r.State.Made, "look": r.State.Made, "told": r.State.Told} {
		if slices.Contains(told, idOf(id, text)) && !so {
			f.Errorf("%q was told and is not in the record", text)
		}
	}
}
