package approval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/policy"
	"github.com/powerpole/powerpole/pkg/slackui"
)

// home is the workspace that the bot's token belongs to, once Slack has said so.
type home struct {
	known atomic.Pointer[slack.AuthTestResponse]
}

func (h *home) find(ctx context.Context, api people) (*slack.AuthTestResponse, error) {
	if known := h.known.Load(); known != nil {
		return known, nil
	}
	found, err := api.AuthTestContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking which workspace this is: %w", err)
	}
	if found.TeamID == "" {
		return nil, errors.New("asking which workspace this is: Slack did not say")
	}
	h.known.Store(found)
	return found, nil
}

// askWithin is how long Slack may take to say who people are, so that there is
// time left to write down what follows where it does not.
const askWithin = 10 * time.Second

// lookUp says who somebody is at this moment. Whom Slack does not know is nobody
// and no error.
func (s *Service) lookUp(ctx context.Context, p event.Person) (event.Person, policy.Principal, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	at, err := s.home.find(ctx, s.Slack)
	if err != nil {
		return p, nobody(p), err
	}
	u, err := s.Slack.GetUserInfoContext(ctx, p.User)
	if slackui.UserUnknown(err) {
		return p, nobody(p), nil
	}
	if err != nil {
		return p, nobody(p), fmt.Errorf("looking up user %q: %w", p.User, err)
	}
	if u.ID != p.User {
		return p, nobody(p), errors.New("looking up a user: Slack answered with another")
	}
	p.Email, p.Name, p.Locale, p.TimeZone = u.Profile.Email, u.RealName, u.Locale, u.TZ
	return p, policy.Principal{
		ID: identity(p), Deactivated: u.Deleted, Stranger: u.IsStranger || !isOurs(u, at),
		Guest: u.IsRestricted || u.IsUltraRestricted || u.IsInvitedUser,
		Bot:   u.IsBot || u.IsConnectorBot || u.IsWorkflowBot || u.ID == "USLACKBOT",
	}, nil
}

// nobody may do nothing.
func nobody(p event.Person) policy.Principal {
	return policy.Principal{ID: identity(p), Guest: true, Bot: true, Stranger: true, Deactivated: true}
}

// isOurs reports whether the user is of this workspace, or of its organisation.
func isOurs(u *slack.User, at *slack.AuthTestResponse) bool {
	return u.TeamID == at.TeamID || at.EnterpriseID != "" && u.Enterprise.EnterpriseID == at.EnterpriseID
}

// memberships lists which of these user groups the person is in, as of now. With
// an error it lists those that could be looked up.
func (s *Service) memberships(ctx context.Context, p event.Person, members []string) ([]string, error) {
	var in []string
	var errs []error
	for _, group := range members {
		if !strings.HasPrefix(group, "S") {
			continue
		}
		var options []slack.GetUserGroupMembersOption
		if p.Enterprise != "" {
			options = append(options, slack.GetUserGroupMembersOptionTeamID(p.Team))
		}
		users, err := s.Slack.GetUserGroupMembersContext(ctx, group, options...)
		if err != nil {
			errs = append(errs, fmt.Errorf("listing user group %q: %w", group, err))
		} else if slices.Contains(users, p.User) {
			in = append(in, group)
		}
	}
	return in, errors.Join(errs...)
}
