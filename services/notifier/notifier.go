// Package notifier tells people. Each request has one direct message, edited as
// it moves: the notifier folds what it hears into a record, and what people see
// is always that record, never an event. A password is read when it is shown,
// and is in no record, event, log or notification.
package notifier

import (
	"context"
	"errors"
	"log/slog"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/clock"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// slackAPI is what the notifier needs of Slack's Web API. It reads channels to
// find its own messages again, and never direct messages.
type slackAPI interface {
	slackui.History
	OpenConversationContext(context.Context, *slack.OpenConversationParameters) (*slack.Channel, bool, bool, error)
	PostMessageContext(ctx context.Context, channel string, options ...slack.MsgOption) (string, string, error)
	PostEphemeralContext(ctx context.Context, channel, user string, options ...slack.MsgOption) (string, error)
	UpdateMessageContext(ctx context.Context, channel, ts string, options ...slack.MsgOption) (string, string, string, error)
	PublishViewContext(context.Context, slack.PublishViewContextRequest) (*slack.ViewResponse, error)
	UpdateViewContext(ctx context.Context, view slack.ModalViewRequest, externalID, hash, viewID string) (*slack.ViewResponse, error)
}

var _ slackAPI = (*slack.Client)(nil)

// Options is what a Service is made of. All but Runbooks, Logger and Clock
// must be there.
type Options struct {
	Catalog  *catalog.Catalog
	Verifier *warrant.Verifier
	Slack    slackAPI
	Secrets  secret.Client
	Requests *store.Machine[State]
	Alarms   *store.Machine[Alarm]
	Homes    *store.Machine[Home]
	Sweep    *store.Sweep
	Bus      store.Publisher
	// Runbooks is the address below which each alarm has its page.
	Runbooks string
	Logger   *slog.Logger
	// Clock is the system's where it is zero.
	Clock clock.Clock
}

// Service tells people what becomes of their requests.
type Service struct {
	Options
	pace slackui.Pacer
}

var _ service.Service = (*Service)(nil)

// New returns a service. It returns an error for each dependency that is
// missing.
func New(o Options) (*Service, error) {
	var errs []error
	for name, missing := range map[string]bool{
		"catalog": o.Catalog == nil, "verifier": o.Verifier == nil, "Slack client": o.Slack == nil, "Secrets Manager client": o.Secrets == nil,
		"requests": o.Requests == nil, "alarms": o.Alarms == nil, "homes": o.Homes == nil, "sweep": o.Sweep == nil, "bus": o.Bus == nil,
	} {
		if missing {
			errs = append(errs, errors.New("making notifier: the "+name+" is missing"))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Service{Options: o}, nil
}

// Register registers the notifier's handlers.
func (s *Service) Register(r *bus.Router) error {
	errs := []error{
		bus.On(r, event.Intake, s.OnRequestCreated),
		bus.On(r, event.Intake, s.OnHomeOpened),
		bus.On(r, event.Intake, s.OnCredentialsAsked),
		bus.On(r, event.Approval, s.OnVoted),
		bus.On(r, event.Approval, s.OnApproved),
		bus.On(r, event.Approval, s.OnDenied),
		bus.On(r, event.Approval, s.OnCancelled),
		bus.On(r, event.Approval, s.OnLapsed),
		bus.On(r, event.Provisioner, s.OnInstanceReady),
		bus.On(r, event.Provisioner, s.OnProvisionFailed),
		bus.On(r, event.Grantor, s.OnGranted),
		bus.On(r, event.Grantor, s.OnGrantFailed),
		bus.On(r, event.Reaper, s.OnArmed),
		bus.On(r, event.Reaper, s.OnExpiring),
		bus.On(r, event.Reaper, s.OnExpired),
		bus.On(r, event.Reaper, s.OnReaped),
		bus.On(r, event.Reaper, s.OnExtensionRefused),
		bus.On(r, event.Notifier, s.OnSweepDue),
	}
	for _, from := range event.Sources() {
		errs = append(errs, bus.On(r, from, s.OnAlarmed))
	}
	return errors.Join(errs...)
}
