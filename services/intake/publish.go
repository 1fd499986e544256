package intake

import (
	"context"
	"strings"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// sign completes a slip with who did it and when, and signs it.
func (s *Service) sign(by event.Person, slip warrant.Slip) (string, error) {
	slip.Enterprise, slip.Team, slip.User = by.Enterprise, by.Team, by.User
	slip.IssuedAt = s.Clock.Now()
	return s.Signer.Slip(slip)
}

// publish puts an event on the bus. A nil error means that it is there; with any
// other it may be.
func (s *Service) publish(ctx context.Context, about event.About, data event.Data) error {
	ctx, cancel := context.WithTimeout(ctx, publishWithin)
	defer cancel()
	about.Source, about.Trace, about.At = event.Intake, bus.TraceOf(ctx), s.Clock.Now()
	e, err := event.New(about, data)
	if err != nil {
		return err
	}
	return s.Bus.Publish(ctx, e)
}

// discriminator joins what tells one fact from another. Slack's ids have no
// control characters.
func discriminator(parts ...string) string { return strings.Join(parts, "\x00") }
