// Package approval decides. It asks the policy, then the approvers, and says
// what came of it in signed warrants. What it knows of a request is the
// request's log: rows that are put only if absent, so that two people who
// decide at once are settled by the put.
package approval

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/clock"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/policy"
	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// people says who somebody is, at this moment.
type people interface {
	AuthTestContext(context.Context) (*slack.AuthTestResponse, error)
	GetUserInfoContext(ctx context.Context, user string, options ...slack.GetUserInfoOption) (*slack.User, error)
	GetUserGroupMembersContext(ctx context.Context, group string, options ...slack.GetUserGroupMembersOption) ([]string, error)
}

// slackAPI is what approval needs of Slack's Web API.
type slackAPI interface {
	people
	slackui.History
	PostMessageContext(ctx context.Context, channel string, options ...slack.MsgOption) (string, string, error)
	UpdateMessageContext(ctx context.Context, channel, ts string, options ...slack.MsgOption) (string, string, string, error)
}

var _ slackAPI = (*slack.Client)(nil)

// scheduler puts a message into approval's own queue at a time.
type scheduler interface {
	Once(ctx context.Context, name string, at time.Time, e event.Event) error
	Delete(ctx context.Context, name string) error
}

// signer signs what approval decides.
type signer interface {
	Warrant(warrant.Warrant) (string, error)
}

// Options is what a Service is made of. All but Logger and Clock must be there.
type Options struct {
	Catalog   *catalog.Catalog
	Policy    *policy.Engine
	Verifier  *warrant.Verifier
	Signer    signer
	Slack     slackAPI
	Log       *store.Log[Entry]
	Machine   *store.Machine[State]
	Pasts     *store.Machine[Past]
	Sweep     *store.Sweep
	Scheduler scheduler
	Bus       store.Publisher
	Logger    *slog.Logger
	// Clock is the system's where it is zero.
	Clock clock.Clock
}

// Service decides about requests.
type Service struct {
	Options
	home home
	pace slackui.Pacer
}

var _ service.Service = (*Service)(nil)

// New returns a service. It returns an error for each dependency that is
// missing, and for a policy that could not be read: such a service would refuse
// everybody and say nothing of why.
func New(o Options) (*Service, error) {
	var errs []error
	for name, missing := range map[string]bool{
		"catalog": o.Catalog == nil, "policy": o.Policy.Hash() == "", "verifier": o.Verifier == nil, "signer": o.Signer == nil,
		"Slack client": o.Slack == nil, "log": o.Log == nil, "machine": o.Machine == nil, "pasts": o.Pasts == nil, "sweep": o.Sweep == nil, "scheduler": o.Scheduler == nil, "bus": o.Bus == nil,
	} {
		if missing {
			errs = append(errs, errors.New("making approval: the "+name+" is missing"))
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

// Register registers approval's handlers.
func (s *Service) Register(r *bus.Router) error {
	return errors.Join(
		bus.On(r, event.Intake, s.OnRequestCreated),
		bus.On(r, event.Intake, s.OnActionSubmitted),
		bus.On(r, event.Intake, s.OnPersonChanged),
		bus.On(r, event.Approval, s.OnPendingDue),
		bus.On(r, event.Approval, s.OnSweepDue),
		bus.On(r, event.Reaper, s.OnReaped),
		bus.On(r, event.Reaper, s.OnExtensionRefused),
	)
}
