package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/clock"
	"github.com/powerpole/powerpole/pkg/event"
)

// maxSteps bounds one run: a decision that never ends is a defect, and a record
// fought over is left to a later try.
const maxSteps = 32

// Publisher sends events to the bus. It must not return nil before all of them
// have been taken.
type Publisher interface {
	Publish(ctx context.Context, events ...event.Event) error
}

// Machine runs decisions over a service's records.
type Machine[T State] struct {
	source event.Source
	table  *Table[T]
	bus    Publisher
	clock  clock.Clock
}

// NewMachine returns the machine of one service.
func NewMachine[T State](source event.Source, table *Table[T], publisher Publisher, options ...Option) (*Machine[T], error) {
	if source == "" || table == nil || publisher == nil {
		return nil, errors.New("making a machine: source, table or publisher is missing")
	}
	return &Machine[T]{source: source, table: table, bus: publisher, clock: chosen(options).clock}, nil
}

// Table returns the machine's table, for looking things up.
func (m *Machine[T]) Table() *Table[T] { return m.table }

// Run brings one request forward until its decision says Done or Stop. Before
// each decision it publishes what the record still owes. It returns the
// outcome for the bus: nil, bus.Later where somebody else is acting, or an
// error to be tried again.
//
// The decision is called as often as the record moves and must have no effect
// of its own.
func (m *Machine[T]) Run(ctx context.Context, id string, cause event.Header, decide func(Record[T]) Step[T]) error {
	for range maxSteps {
		r, err := m.settled(ctx, id)
		if err != nil {
			if errors.Is(err, ErrConflict) {
				continue
			}
			return err
		}
		if r.Claim != nil && m.clock.Now().Before(r.Claim.Until) {
			return bus.Later(r.Claim.wait(m.clock.Now()), fmt.Errorf("%s of %s is being done", r.Claim.Name, id))
		}
		step := decide(r)
		if step.stop {
			return step.end(r.Claim)
		}
		if ended, err := m.take(ctx, r, cause, step); ended || (err != nil && !errors.Is(err, ErrConflict)) {
			return err
		}
	}
	return bus.Later(time.Second, fmt.Errorf("record %s was changed %d times by others or did not come to rest", id, maxSteps))
}

// Settle publishes what the request's record still owes and does nothing else.
// Whoever changes the record meanwhile settles it.
func (m *Machine[T]) Settle(ctx context.Context, id string) error {
	_, err := m.settled(ctx, id)
	if errors.Is(err, ErrConflict) {
		return nil
	}
	return err
}

// settled reads the record, publishes what it owes and clears that. Failing to
// clear only publishes once more.
func (m *Machine[T]) settled(ctx context.Context, id string) (Record[T], error) {
	r, err := m.table.Load(ctx, id)
	if err != nil || len(r.Owed) == 0 {
		return r, err
	}
	if err := m.bus.Publish(ctx, r.Owed...); err != nil {
		return r, fmt.Errorf("publishing what %s owes: %w", id, err)
	}
	r.Owed = nil
	return m.table.save(ctx, r)
}

// take does one step. ended says that the run is over, with err as its outcome.
func (m *Machine[T]) take(ctx context.Context, r Record[T], cause event.Header, s Step[T]) (ended bool, err error) {
	if r.Claim != nil && (s.act == nil || s.act.Resolves != r.Claim.Name) {
		return true, fmt.Errorf("deciding on %s of %s: %w", r.Claim.Name, r.ID, ErrUnresolved)
	}
	switch {
	case s.act != nil:
		return false, m.act(ctx, r, cause, *s.act)
	case s.move != nil:
		return false, m.apply(ctx, r, cause, *s.move)
	case s.look != nil:
		t, err := s.look(ctx, r.State)
		if err != nil || t.empty() {
			return true, err
		}
		return false, m.apply(ctx, r, cause, t)
	default:
		return true, errors.New("deciding: the zero step is no decision")
	}
}

// apply writes a transition and what it owes.
func (m *Machine[T]) apply(ctx context.Context, r Record[T], cause event.Header, t Transition[T]) error {
	if t.To != nil {
		t.To(&r.State)
	}
	made, err := events(ctx, m.source, m.clock.Now(), r.ID, cause, t.Emit)
	if err != nil {
		return err
	}
	r.Owed = append(r.Owed, made...)
	_, err = m.table.save(ctx, r)
	return err
}

// act claims, has the effect, and records what it came to.
func (m *Machine[T]) act(ctx context.Context, r Record[T], cause event.Header, a Action[T]) error {
	if a.For <= 0 || a.For > MaxClaim || a.Name == "" || a.Do == nil {
		return fmt.Errorf("claiming %q of %s: an action has a name, an effect and at most %s", a.Name, r.ID, MaxClaim)
	}
	claimed, err := m.claim(ctx, r, a)
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, a.For*9/10)
	defer cancel()
	t, err := a.Do(within, claimed.State)
	if err != nil {
		return errors.Join(fmt.Errorf("doing %s of %s: %w", a.Name, r.ID, err), m.letGo(ctx, claimed))
	}
	claimed.Claim = nil
	ctx, cancel = afterwards(ctx)
	defer cancel()
	return m.apply(ctx, claimed, cause, t)
}

// afterwards is the context for writing down what became of an effect. It works
// on after the caller has given up: that is when it matters most.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
}

func (m *Machine[T]) claim(ctx context.Context, r Record[T], a Action[T]) (Record[T], error) {
	now := m.clock.Now()
	c := &Claim{Name: a.Name, Until: now.Add(a.For), Token: rand.Text(), Begun: now, Since: now, Attempt: 1}
	if r.Claim != nil {
		c.Since, c.Attempt = r.Claim.Since, r.Claim.Attempt+1
	}
	r.Claim = c
	if a.Intent != nil {
		a.Intent(&r.State)
	}
	return m.table.save(ctx, r)
}

// letGo lets a claim run out now, so that nobody has to wait to find out what
// became of a failed effect. Where it cannot be written, the claim runs out by
// itself.
func (m *Machine[T]) letGo(ctx context.Context, r Record[T]) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	c := *r.Claim
	c.Until = m.clock.Now()
	r.Claim = &c
	if _, err := m.table.save(ctx, r); err != nil && !errors.Is(err, ErrConflict) {
		return fmt.Errorf("letting go of %s: %w", c.Name, err)
	}
	return nil
}
