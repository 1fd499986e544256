package grantor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// run folds an event into the record, and then brings the request forward from
// the record alone. fold returns nil where it has nothing to add.
func (s *Service) run(ctx context.Context, cause event.Header, fold func(store.Record[State]) *store.Transition[State]) error {
	return s.machine(ctx, cause, func(r store.Record[State]) store.Step[State] {
		if t := fold(r); t != nil && r.Claim == nil {
			return store.Move(*t)
		}
		return s.decide(r, plainName)
	})
}

// machine runs a decision. Where the wished account name belongs to another
// lease it decides once more with a name that has a hash of the request in it.
func (s *Service) machine(ctx context.Context, cause event.Header, decide func(store.Record[State]) store.Step[State]) error {
	defer s.reach.leave(cause.RequestID)
	err := s.Machine.Run(ctx, cause.RequestID, cause, decide)
	if !errors.Is(err, store.ErrTaken) {
		return err
	}
	return s.Machine.Run(ctx, cause.RequestID, cause, func(r store.Record[State]) store.Step[State] {
		return s.decide(r, hashedName)
	})
}

// alarm tells people about something that no record can say: once for each
// event that caused it.
func (s *Service) alarm(ctx context.Context, cause event.Header, name, text string) error {
	e, err := event.New(event.About{
		Source: event.Grantor, RequestID: cause.RequestID, Discriminator: strings.TrimSpace(name + " " + cause.ID), Cause: cause, Trace: bus.TraceOf(ctx), At: s.Clock.Now(),
	}, event.Alarmed{Alarm: name, Text: text})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.Bus.Publish(ctx, e); err != nil {
		return fmt.Errorf("publishing an alarm: %w", err)
	}
	return nil
}
