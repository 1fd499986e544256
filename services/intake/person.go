package intake

import (
	"context"
	"errors"
	"fmt"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
)

// identity is who acts, as Slack signed it.
func identity(c slack.InteractionCallback) event.Person {
	return event.Person{Enterprise: c.Enterprise.ID, Team: teamOf(c), User: c.User.ID}
}

// person is who acts with what helps to speak to them: e-mail, name, locale and
// time zone, looked up now.
func (s *Service) person(ctx context.Context, c slack.InteractionCallback) (event.Person, error) {
	return s.lookUp(ctx, identity(c))
}

func (s *Service) lookUp(ctx context.Context, p event.Person) (event.Person, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupWithin)
	defer cancel()
	user, err := s.Slack.GetUserInfoContext(ctx, p.User)
	if err != nil {
		return p, fmt.Errorf("looking up user %q: %w", p.User, err)
	}
	if user.ID != p.User {
		return p, errors.New("looking up a user: Slack answered with another")
	}
	return described(p, *user), nil
}

// language is that which the person has set in Slack. A form in another one is
// better than none.
func (s *Service) language(ctx context.Context, p event.Person) string {
	known, err := s.lookUp(ctx, p)
	if err != nil {
		s.Log.WarnContext(ctx, "looking up a language failed", "error", err)
	}
	return slackui.Language(known.Locale)
}

func described(p event.Person, u slack.User) event.Person {
	p.Email, p.Name = clean(u.Profile.Email), clean(u.RealName)
	p.Locale, p.TimeZone = clean(u.Locale), clean(u.TZ)
	return p
}
