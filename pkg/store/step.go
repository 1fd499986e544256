package store

import (
	"context"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

// MaxClaim is the longest that a claim may hold others off. It is shorter than
// a message's visibility, so that a crash is met by its own message's return.
const MaxClaim = 40 * time.Second

// Emit is an event that a transition owes the world. The discriminator tells
// apart several of one type about one request; mostly there is none.
type Emit struct {
	Data          event.Data
	Discriminator string
}

// events makes whole envelopes of what is to be emitted, so that they are stored
// as they will be published.
func events(ctx context.Context, source event.Source, at time.Time, id string, cause event.Header, emit []Emit) ([]event.Event, error) {
	var out []event.Event
	for _, e := range emit {
		made, err := event.New(event.About{
			Source: source, RequestID: id, Discriminator: e.Discriminator, Cause: cause, Trace: bus.TraceOf(ctx), At: at,
		}, e.Data)
		if err != nil {
			return nil, err
		}
		out = append(out, made)
	}
	return out, nil
}

// Transition is one change of a record: what the state becomes, and what the
// world is told of it. Both are written at once.
type Transition[T State] struct {
	To   func(*T)
	Emit []Emit
}

func (t Transition[T]) empty() bool { return t.To == nil && len(t.Emit) == 0 }

// Action is a step with an effect outside.
type Action[T State] struct {
	// Name says what is about to be done; it is stored in the claim.
	Name string
	// Resolves names the claim that ran out which this action finishes or
	// undoes.
	Resolves string
	// Intent writes into the state, with the claim and before the effect, all
	// that is needed to find the effect again.
	Intent func(*T)
	// For is how long nobody else may act, at most MaxClaim. The effect has
	// nine tenths of it.
	For time.Duration
	// Do has the effect and says what it came to. With an error it is unknown
	// what it came to: the claim runs out at once and whoever comes next
	// resolves it. A failure that is known to have had no effect is no error
	// but a transition.
	Do func(ctx context.Context, state T) (Transition[T], error)
}

// Step is what a decision says to do next. Make one with Done, Stop, Move, Look
// or Act.
type Step[T State] struct {
	stop bool
	err  error
	move *Transition[T]
	look func(context.Context, T) (Transition[T], error)
	act  *Action[T]
}

// end is the outcome of a step that ends the run. Waiting with a claim that ran
// out is allowed, being done with one is not.
func (s Step[T]) end(c *Claim) error {
	if s.err == nil && c != nil {
		return fmt.Errorf("being done with %s begun: %w", c.Name, ErrUnresolved)
	}
	return s.err
}

// Done says that nothing is left to do.
func Done[T State]() Step[T] { return Step[T]{stop: true} }

// Stop ends with that outcome, as bus.Later or bus.Terminal.
func Stop[T State](err error) Step[T] { return Step[T]{stop: true, err: err} }

// Move changes the record and nothing else.
func Move[T State](t Transition[T]) Step[T] { return Step[T]{move: &t} }

// Look reads the world without changing it, and records what was seen if the
// record is still as it was. A transition that changes nothing ends the run.
func Look[T State](look func(context.Context, T) (Transition[T], error)) Step[T] {
	return Step[T]{look: look}
}

// Act claims, has an effect and records what it came to.
func Act[T State](a Action[T]) Step[T] { return Step[T]{act: &a} }
