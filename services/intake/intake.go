// Package intake is Slack's only door into PowerPole. It verifies what Slack
// sends, opens the modal, checks what a person filled in, and publishes what
// they want as signed slips. It decides nothing and keeps no state.
//
// Slack may call it over HTTP (command, interactivity, options, events) or be
// called by it (Socket Mode); behind both are the same functions.
package intake

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
	"github.com/powerpole/powerpole/pkg/warrant"
)

// slackAPI is what intake needs of Slack's Web API.
type slackAPI interface {
	OpenViewContext(ctx context.Context, triggerID string, view slack.ModalViewRequest) (*slack.ViewResponse, error)
	UpdateViewContext(ctx context.Context, view slack.ModalViewRequest, externalID, hash, viewID string) (*slack.ViewResponse, error)
	GetUserInfoContext(ctx context.Context, user string, options ...slack.GetUserInfoOption) (*slack.User, error)
}

var _ slackAPI = (*slack.Client)(nil)

// publisher is what intake needs of the bus. It must not return nil before all
// events have been taken.
type publisher interface {
	Publish(ctx context.Context, events ...event.Event) error
}

// signer signs what intake says that a person did.
type signer interface {
	Slip(warrant.Slip) (string, error)
}

// Options is what a Service is made of. All but Socket, Address, Log and Clock
// must be there.
type Options struct {
	Catalog       *catalog.Catalog
	Slack         slackAPI
	Bus           publisher
	Signer        signer
	SigningSecret secret.String
	// Address is the host:port to listen on, port 0 for any. Empty: no HTTP.
	Address string
	// Socket connects by Socket Mode where it is set.
	Socket *slack.Client
	Log    *slog.Logger
	// Clock is the system's where it is zero.
	Clock clock.Clock
}

// Service answers Slack.
type Service struct {
	Options
	bound chan string // holds the address once it listens
}

var _ service.Server = (*Service)(nil)

// New returns a service. It returns an error for each dependency that is
// missing.
func New(o Options) (*Service, error) {
	var errs []error
	for name, missing := range map[string]bool{
		"catalog": o.Catalog == nil, "Slack client": o.Slack == nil, "bus": o.Bus == nil, "signer": o.Signer == nil,
		"signing secret": o.SigningSecret.IsZero(), "address or socket": o.Address == "" && o.Socket == nil,
	} {
		if missing {
			errs = append(errs, errors.New("making intake: the "+name+" is missing"))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Service{Options: o, bound: make(chan string, 1)}, nil
}

// Register registers nothing: intake consumes no event.
func (s *Service) Register(*bus.Router) error { return nil }
