package reaper

import (
	"context"
	"fmt"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

// notGenuine is the alarm for a paper that nobody who may sign has signed. Its
// page is docs/runbooks/warrant-not-genuine.md.
const notGenuine = "warrant-not-genuine"

// refuse parks an event whose warrant is not genuine, once somebody has been
// told. It moves nothing.
func (s *Service) refuse(ctx context.Context, h event.Header, typ string, why error) error {
	alarm, err := event.New(event.About{
		Source: event.Reaper, RequestID: h.RequestID, Discriminator: typ + " " + h.ID, Cause: h, Trace: bus.TraceOf(ctx), At: s.clock.Now(),
	}, event.Alarmed{Alarm: notGenuine, Text: fmt.Sprintf("the reaper refused %s of %s: its warrant is not genuine", typ, h.RequestID)})
	if err != nil {
		return err
	}
	if err := s.bus.Publish(ctx, alarm); err != nil {
		return fmt.Errorf("publishing the alarm about %s of %s: %w", typ, h.RequestID, err)
	}
	return bus.Terminal(why)
}
