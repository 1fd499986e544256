package approval

import (
	"context"
	"errors"
	"fmt"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// alarmForged is for a slip that intake did not sign for what it came with.
const alarmForged = "slip-not-genuine"

// verify says whether intake signed that this person did this. late means that
// it did, too long ago. Any error parks the message, and somebody is told.
func (s *Service) verify(ctx context.Context, h event.Header, token string, want warrant.Slip) (late bool, err error) {
	slip, err := s.Verifier.Slip(token, h.RequestID, s.Catalog.Limits().Pending)
	late = errors.Is(err, warrant.ErrLate)
	if err != nil && !late {
		return false, s.forged(ctx, h, want, err)
	}
	want.RequestID, want.IssuedAt = slip.RequestID, slip.IssuedAt
	if slip != want {
		return false, s.forged(ctx, h, want, errors.New("the slip is for something else than it came with"))
	}
	return late, nil
}

func (s *Service) forged(ctx context.Context, h event.Header, want warrant.Slip, why error) error {
	text := fmt.Sprintf("A message of intake's (event %.64s) says that %.64s did %.64q about %.64s, and its slip does not prove it. Nothing was done.",
		h.ID, want.User, want.Action, h.RequestID)
	if err := s.publish(ctx, h, h.ID, event.Alarmed{Alarm: alarmForged, Text: text}); err != nil {
		return err
	}
	return bus.Terminal(why)
}

// publish says something that is in no row.
func (s *Service) publish(ctx context.Context, cause event.Header, discriminator string, data event.Data) error {
	e, err := event.New(event.About{
		Source: event.Approval, RequestID: cause.RequestID, Discriminator: discriminator, Cause: cause, Trace: bus.TraceOf(ctx), At: s.Clock.Now(),
	}, data)
	if err != nil {
		return err
	}
	if err := s.Bus.Publish(ctx, e); err != nil {
		return fmt.Errorf("publishing %s of %q: %w", data.EventType(), cause.RequestID, err)
	}
	return nil
}
