package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

const id = "pp-01jdxnvs00000000000000000a"

// claimed leaves a claim of that name behind that ran out.
func claimed(t *testing.T, m *store.Machine[lease], name string) {
	t.Helper()
	failing := errors.New("unknown what came of it")
	err := m.Run(t.Context(), id, event.Header{}, once(store.Act(action{
		Name: name, For: time.Minute / 2,
		Do: func(context.Context, lease) (transition, error) { return transition{}, failing },
	})))
	if !errors.Is(err, failing) {
		t.Fatalf("got %v, want the effect's error", err)
	}
}

func never(t *testing.T) func(record) step {
	return func(record) step { t.Error("a decision was asked for"); return store.Done[lease]() }
}

func TestALiveClaimHoldsEverybodyOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db, to := fresh(t), newWall()
		m := machine(t, db, to, &fate{})
		err := m.Run(t.Context(), id, event.Header{}, once(store.Act(action{
			Name: "make", For: 30 * time.Second,
			Do: func(ctx context.Context, _ lease) (transition, error) {
				// Looked at as often as it doubles, and not past its end.
				for _, c := range []struct{ held, wait time.Duration }{
					{0, time.Second}, {8 * time.Second, 8 * time.Second}, {12 * time.Second, 11 * time.Second},
				} {
					time.Sleep(c.held)
					err := machine(t, db, to, &fate{}).Run(ctx, id, event.Header{}, never(t))
					if d, later := bus.IsLater(err); !later || d != c.wait {
						t.Errorf("after %s: got %v, want Later in %s", c.held, err, c.wait)
					}
				}
				return transition{}, nil
			},
		})))
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestAClaimThatRanOutMustBeResolved(t *testing.T) {
	t.Parallel()
	nothing := func(context.Context, lease) (transition, error) { return transition{}, nil }
	for what, s := range map[string]step{
		"done":         store.Done[lease](),
		"move":         move(func(l *lease) { l.Ended = true }),
		"look":         store.Look(nothing),
		"another act":  store.Act(action{Name: "b", For: time.Second, Do: nothing}),
		"stop in good": store.Stop[lease](nil),
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			m := machine(t, fresh(t), newWall(), &fate{})
			claimed(t, m, "a")
			if err := m.Run(t.Context(), id, event.Header{}, once(s)); !errors.Is(err, store.ErrUnresolved) {
				t.Errorf("got %v, want ErrUnresolved", err)
			}
			if r, _ := m.Table().Load(t.Context(), id); r.Claim == nil || r.State.Ended {
				t.Error("the record was changed")
			}
		})
	}
}

func TestAClaimCountsItsAttemptsAndKeepsItsBeginning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := machine(t, fresh(t), newWall(), &fate{})
		begun := time.Now()
		claimed(t, m, "a")
		time.Sleep(time.Hour)
		wait := bus.Later(time.Minute, errors.New("not yet"))
		err := m.Run(t.Context(), id, event.Header{}, once(store.Stop[lease](wait)))
		if !errors.Is(err, wait) {
			t.Errorf("waiting with a claim that ran out: %v", err)
		}
		err = m.Run(t.Context(), id, event.Header{}, once(store.Act(action{
			Name: "b", Resolves: "a", For: time.Second,
			Do: func(ctx context.Context, _ lease) (transition, error) {
				if r, _ := m.Table().Load(ctx, id); r.Claim.Attempt != 2 || !r.Claim.Since.Equal(begun) {
					t.Errorf("claim is %+v", r.Claim)
				}
				return transition{}, nil
			},
		})))
		if r, _ := m.Table().Load(t.Context(), id); err != nil || r.Claim != nil {
			t.Errorf("resolved: %v, %+v", err, r.Claim)
		}
	})
}

func TestAnActionWithoutNameEffectOrShortEnoughClaimIsRefused(t *testing.T) {
	t.Parallel()
	do := func(context.Context, lease) (transition, error) {
		t.Error("the effect was had")
		return transition{}, nil
	}
	m := machine(t, fresh(t), newWall(), &fate{})
	for _, a := range []action{
		{For: time.Second, Do: do},
		{Name: "a", For: time.Second},
		{Name: "a", Do: do},
		{Name: "a", For: store.MaxClaim + 1, Do: do},
	} {
		if err := m.Run(t.Context(), id, event.Header{}, once(store.Act(a))); err == nil {
			t.Errorf("%+v was taken", a)
		}
	}
	if r, _ := m.Table().Load(t.Context(), id); r.Version != 0 {
		t.Error("something was claimed")
	}
	if err := m.Run(t.Context(), id, event.Header{}, func(record) step { return step{} }); err == nil {
		t.Error("the zero step was taken for a decision")
	}
}

func TestAnEffectEndsInsideItsClaimAndIsWrittenDownAfterItsCallerGaveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := machine(t, fresh(t), newWall(), &fate{})
		ctx, giveUp := context.WithCancel(t.Context())
		err := m.Run(ctx, id, event.Header{}, once(store.Act(action{
			Name: "a", For: 20 * time.Second,
			Do: func(ctx context.Context, _ lease) (transition, error) {
				end, ok := ctx.Deadline()
				if !ok || time.Until(end) != 18*time.Second {
					t.Errorf("the effect has %s", time.Until(end))
				}
				giveUp()
				return transition{To: func(l *lease) { l.Made = true }}, nil
			},
		})))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if r, _ := m.Table().Load(t.Context(), id); !r.State.Made || r.Claim != nil {
			t.Errorf("what was done was not written down: %+v", r)
		}
	})
}

func TestALostCompareAndSetDecidesAgain(t *testing.T) {
	t.Parallel()
	db, to := fresh(t), newWall()
	m, other := machine(t, db, to, &fate{}), machine(t, db, to, &fate{})
	var saw []int
	err := m.Run(t.Context(), id, event.Header{}, func(r record) step {
		saw = append(saw, r.State.Tries)
		if r.State.Made {
			return store.Done[lease]()
		}
		if len(saw) == 1 {
			if err := other.Run(t.Context(), id, event.Header{}, once(move(func(l *lease) { l.Tries = 7 }))); err != nil {
				t.Fatal(err)
			}
		}
		return move(func(l *lease) { l.Made = true })
	})
	if err != nil || !slices.Equal(saw, []int{0, 7, 7}) {
		t.Errorf("%v, decisions saw %v", err, saw)
	}
}

func TestARecordThatNeverRestsIsLeftToALaterTry(t *testing.T) {
	t.Parallel()
	m := machine(t, fresh(t), newWall(), &fate{})
	err := m.Run(t.Context(), id, event.Header{}, func(record) step { return move(func(l *lease) { l.Tries++ }) })
	if _, later := bus.IsLater(err); !later {
		t.Errorf("got %v, want Later", err)
	}
}

func TestALookThatSawNothingNewEndsTheRunAndItsErrorIsTheOutcome(t *testing.T) {
	t.Parallel()
	m := machine(t, fresh(t), newWall(), &fate{})
	blind := errors.New("blind")
	for _, want := range []error{nil, blind} {
		looks := 0
		err := m.Run(t.Context(), id, event.Header{}, func(record) step {
			return store.Look(func(context.Context, lease) (transition, error) { looks++; return transition{}, want })
		})
		if !errors.Is(err, want) || looks != 1 {
			t.Errorf("%d looks, %v, want %v", looks, err, want)
		}
	}
}

func TestWhatIsOwedIsPublishedBeforeTheNextDecision(t *testing.T) {
	t.Parallel()
	to := newWall()
	m := machine(t, fresh(t), to, &fate{})
	down := errors.New("bus is away")
	to.fail(down)
	cause := event.Header{ID: "cause", Trace: event.Trace{Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}
	if err := m.Run(t.Context(), id, cause, once(move(func(l *lease) { l.Made = true }, alarm("a"), alarm("b")))); !errors.Is(err, down) {
		t.Fatalf("got %v, want the publisher's error", err)
	}
	if err := m.Run(t.Context(), id, event.Header{}, never(t)); !errors.Is(err, down) {
		t.Fatalf("got %v, want the publisher's error", err)
	}
	r, err := m.Table().Load(t.Context(), id)
	if err != nil || len(r.Owed) != 2 || !r.State.Made {
		t.Fatalf("%+v, %v", r, err)
	}
	if h := r.Owed[0].Detail.Header; h.CausationID != "cause" || h.Trace != cause.Trace || h.RequestID != id {
		t.Errorf("header is %+v", h)
	}
	to.fail(nil)
	err = m.Run(t.Context(), id, event.Header{}, func(record) step {
		if diff := cmp.Diff(idsOf(id, "a", "b"), to.ids(t)); diff != "" {
			t.Error("published before the decision", diff)
		}
		return store.Done[lease]()
	})
	if r, _ := m.Table().Load(t.Context(), id); err != nil || len(r.Owed) != 0 {
		t.Errorf("still owed: %v, %v", r.Owed, err)
	}
}

func TestSettlingPublishesAndDecidesNothing(t *testing.T) {
	t.Parallel()
	to := newWall()
	m := machine(t, fresh(t), to, &fate{})
	to.fail(errDead)
	_ = m.Run(t.Context(), id, event.Header{}, once(move(nil, alarm("a"))))
	if err := m.Settle(t.Context(), id); !errors.Is(err, errDead) {
		t.Errorf("got %v, want the publisher's error", err)
	}
	to.fail(nil)
	if err := m.Settle(t.Context(), id); err != nil || !slices.Equal(to.ids(t), idsOf(id, "a")) {
		t.Errorf("%v, published %v", err, to.ids(t))
	}
	if r, _ := m.Table().Load(t.Context(), id); len(r.Owed) != 0 {
		t.Error("still owed")
	}
}

func TestAnEventThatIsNoneIsNotOwed(t *testing.T) {
	t.Parallel()
	m := machine(t, fresh(t), newWall(), &fate{})
	if err := m.Run(t.Context(), id, event.Header{}, once(move(nil, alarm("")))); err == nil {
		t.Error("a malformed event was taken")
	}
	if r, _ := m.Table().Load(t.Context(), id); r.Version != 0 {
		t.Error("something was written")
	}
}
