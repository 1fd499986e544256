package notifier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// alarmForged is for a slip that intake did not sign for what it came with.
const alarmForged = "slip-not-genuine"

// verify says whether intake signed that this person did this. late means that
// it did, longer than maxAge ago. Any error parks the message, and somebody is
// told.
func (s *Service) verify(ctx context.Context, h event.Header, token string, maxAge time.Duration, want warrant.Slip) (late bool, err error) {
	slip, err := s.Verifier.Slip(token, h.RequestID, maxAge)
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
	text := fmt.Sprintf("A message of intake's (event %.64s) says that %.64s did %.64q about %.64s, and its slip does not prove it. Nothing was shown.",
		h.ID, want.User, want.Action, h.RequestID)
	e, err := event.New(event.About{
		Source: event.Notifier, RequestID: h.RequestID, Discriminator: h.ID, Cause: h, Trace: bus.TraceOf(ctx), At: s.Clock.Now(),
	}, event.Alarmed{Alarm: alarmForged, Text: text})
	if err != nil {
		return err
	}
	if err := s.Bus.Publish(ctx, e); err != nil {
		return fmt.Errorf("publishing an alarm about %q: %w", h.RequestID, err)
	}
	return bus.Terminal(why)
}
