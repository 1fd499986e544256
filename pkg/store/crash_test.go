package store_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// outside is where effects are had: things that must not be made twice nor
// forgotten.
type outside struct {
	mu     sync.Mutex
	things map[string]bool
	busy   bool
	made   int
	// slow is how long each effect takes, in virtual time.
	slow time.Duration
}

func newOutside() *outside { return &outside{things: map[string]bool{}} }

// change makes or removes a thing; two at once are an error.
func (o *outside) change(name string, there bool) error {
	o.mu.Lock()
	if o.busy {
		o.mu.Unlock()
		return fmt.Errorf("two effects at once on %s", name)
	}
	o.busy = true
	o.mu.Unlock()
	time.Sleep(o.slow)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.busy = false
	if there {
		o.things[name] = true
		o.made++
	} else {
		delete(o.things, name)
	}
	return nil
}

func (o *outside) all() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Sorted(maps.Keys(o.things))
}

// making is a service's decision: make one thing outside, tell of it, tell of
// the end. What became of a thing whose making broke off is undone.
func making(o *outside, f *fate) func(record) step {
	effect := func(name string, there bool) error { return f.through(func() error { return o.change(name, there) }) }
	return func(r record) step {
		st := r.State
		switch {
		case r.Claim != nil:
			return store.Act(action{
				Name: "undo", Resolves: r.Claim.Name, For: store.MaxClaim,
				Do: func(_ context.Context, l lease) (transition, error) {
					return transition{To: func(l *lease) { l.Thing, l.Names = "", nil }}, effect(l.Thing, false)
				},
			})
		case st.Thing == "":
			return store.Act(action{
				Name: "make", For: store.MaxClaim,
				Intent: func(l *lease) {
					l.Tries++
					l.Thing = fmt.Sprintf("thing-%d", l.Tries)
					l.Names = []string{l.Thing}
				},
				Do: func(_ context.Context, l lease) (transition, error) {
					return transition{To: func(l *lease) { l.Made = true }, Emit: []store.Emit{alarm("made"), alarm("look")}}, effect(l.Thing, true)
				},
			})
		case !st.Told:
			return move(func(l *lease) { l.Told, l.Ended = true, true }, alarm("told"))
		default:
			return store.Done[lease]()
		}
	}
}

// check finds the world and the record as they must be at the end.
func check(t interface {
	Errorf(string, ...any)
	Context() context.Context
}, m *store.Machine[lease], o *outside, to *wall,
) {
	r, err := m.Table().Load(t.Context(), id)
	if err != nil || r.Claim != nil || len(r.Owed) > 0 || !r.State.Told {
		t.Errorf("at the end: %+v, %v", r, err)
	}
	if diff := cmp.Diff([]string{r.State.Thing}, o.all()); diff != "" {
		t.Errorf("the record and the world differ: %s", diff)
	}
	if diff := cmp.Diff(idsOf(id, "made", "look", "told"), to.ids(t)); diff != "" {
		t.Errorf("published: %s", diff)
	}
	if to, err := m.Table().Find(t.Context(), store.Pointer{Kind: "name", Value: r.State.Thing}); err != nil || to != id {
		t.Errorf("the pointer leads to %q, %v", to, err)
	}
}

// Every call to the outside, before and after it has its effect, is one at which
// the process dies. Then the same message comes back.
func TestWhereverAProcessDiesTheNextOneFinishesOrUndoes(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after=%v", after), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := 1
				for ; dies(t, &fate{n: n, after: after}); n++ {
				}
				if n < 10 {
					t.Errorf("only %d deaths were died", n-1)
				}
			})
		})
	}
}

// dies runs the road with that fate and then until it is at its end. It reports
// whether the fate was met.
func dies(t *testing.T, f *fate) bool {
	t.Helper()
	db, to, o := fresh(t), newWall(), newOutside()
	err := machine(t, db, to, f).Run(t.Context(), id, event.Header{}, making(o, f))
	met := f.calls >= f.n
	if (err != nil) != met {
		t.Errorf("death %d: got %v", f.n, err)
	}
	m := machine(t, db, to, &fate{})
	converge(t, func() error { return m.Run(t.Context(), id, event.Header{}, making(o, &fate{})) })
	check(t, m, o, to)
	if t.Failed() {
		t.Fatalf("died at call %d, after %v", f.n, f.after)
	}
	return met
}

func converge(t interface{ Fatalf(string, ...any) }, run func() error) {
	for range 10 {
		err := run()
		if err == nil {
			return
		}
		wait, later := bus.IsLater(err)
		if !later {
			t.Fatalf("got %v, want nil or Later", err)
		}
		time.Sleep(wait)
	}
	t.Fatalf("it never ends")
}

func TestManyAtOnceHaveOneEffect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db, to, o := fresh(t), newWall(), newOutside()
		o.slow = 5 * time.Second
		machines := []*store.Machine[lease]{machine(t, db, to, &fate{}), machine(t, db, to, &fate{})}
		var all sync.WaitGroup
		for n := range 16 {
			all.Go(func() {
				converge(t, func() error {
					return machines[n%2].Run(t.Context(), id, event.Header{}, making(o, &fate{}))
				})
			})
		}
		all.Wait()
		if o.made != 1 {
			t.Errorf("%d effects for one claim", o.made)
		}
		check(t, machines[0], o, to)
	})
}

// An effect that outlives its claim, against its context, meets the one who took
// the claim over: the record is then not written by the first.
func TestWhoseClaimWasTakenOverWritesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db, to := fresh(t), newWall()
		m, other := machine(t, db, to, &fate{}), machine(t, db, to, &fate{})
		act := func(name, resolves string, do func()) step {
			return store.Act(action{Name: name, Resolves: resolves, For: time.Second, Do: func(context.Context, lease) (transition, error) {
				do()
				return transition{To: func(l *lease) { l.Names = append(l.Names, name) }}, nil
			}})
		}
		err := m.Run(t.Context(), id, event.Header{}, once(act("late", "", func() {
			time.Sleep(2 * time.Second)
			if err := other.Run(t.Context(), id, event.Header{}, once(act("undo", "late", func() {}))); err != nil {
				t.Error(err)
			}
		})))
		r, _ := m.Table().Load(t.Context(), id)
		if diff := cmp.Diff([]string{"undo"}, r.State.Names); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
}
