package notifier

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/slackui"
)

const authPassword = "password"

// CredentialsBlock is the block_id of the block that holds user and password.
const CredentialsBlock = "credentials"

// connection is everything that is needed to connect. It is the only place where
// a password comes into the open.
func (s *Service) connection(ctx context.Context, id string, st State, say texts) ([]slack.Block, error) {
	password, gone, err := s.password(ctx, id, st)
	if err != nil {
		return nil, err
	}
	if gone {
		return sections(say.NoCredentials), nil
	}
	blocks := sections(fmt.Sprintf(say.EndsAt, slackui.Date(st.End())))
	if st.Bastion != nil {
		blocks = append(blocks, s.session(st, say)...)
	}
	blocks = append(blocks, slackui.Section(say.StepDatabase+"\n"+slackui.CodeBlock(commands(st), maxReason)))
	blocks = append(blocks, credentials(st, password, say))
	blocks = append(blocks, slackui.Section(say.Privileges+"\n"+slackui.CodeBlock(strings.Join(st.Lease.Privileges, "\n"), maxReason)))
	var notes []string
	if st.Lease.TLS {
		notes = append(notes, say.NeedsTLS)
	}
	if len(st.Lease.Everybody) > 0 {
		notes = append(notes, fmt.Sprintf(say.Everybody, slackui.Line(strings.Join(st.Lease.Everybody, ", "), maxReason)))
	}
	if len(notes) > 0 {
		blocks = append(blocks, slackui.Context(strings.Join(notes, " ")))
	}
	return blocks, nil
}

func (s *Service) session(st State, say texts) []slack.Block {
	command := fmt.Sprintf("aws ssm start-session --target %s --region %s", st.Bastion.InstanceID, st.Bastion.Region)
	return []slack.Block{slackui.Section(
		fmt.Sprintf(say.StepSession, slackui.Link(st.Bastion.SessionURL, say.OpenSession)) + "\n" + slackui.CodeBlock(command, maxReason),
	)}
}

// commands are the mysql commands, one for each endpoint. They prompt for the
// password, so that it is in no shell's history.
func commands(st State) string {
	var lines []string
	for _, e := range st.Lease.Endpoints {
		line := fmt.Sprintf("mysql --host %s --port %d --user %s -p", e.Host, e.Port, st.Lease.User)
		if st.Lease.Auth != authPassword {
			line += " --enable-cleartext-plugin"
		}
		if len(st.Ask.Databases) > 0 {
			line += " " + st.Ask.Databases[0]
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func credentials(st State, password secret.String, say texts) slack.Block {
	second := slackui.Exact(password.Reveal())
	if st.Lease.Auth != authPassword {
		second = say.TokenInstead
	}
	fields := []*slack.TextBlockObject{
		{Type: slack.MarkdownType, Verbatim: true, Text: say.User + "\n" + slackui.Exact(st.Lease.User)},
		{Type: slack.MarkdownType, Verbatim: true, Text: say.Password + "\n" + second},
	}
	return slack.NewSectionBlock(nil, fields, nil, slack.SectionBlockOptionBlockID(CredentialsBlock))
}

// password reads the lease's password. gone says that there is none any more,
// or that it is another account's: the lease has ended.
func (s *Service) password(ctx context.Context, id string, st State) (password secret.String, gone bool, err error) {
	if st.Lease.Auth != authPassword {
		return secret.String{}, false, nil
	}
	value, err := secret.Load(ctx, "secretsmanager:"+credential.Name(id), s.Secrets)
	if errors.Is(err, secret.ErrNotFound) {
		return secret.String{}, true, nil
	}
	if err != nil {
		return secret.String{}, false, err
	}
	c, err := credential.Decode(value)
	if err != nil {
		return secret.String{}, false, fmt.Errorf("reading the credentials of %s: %w", id, err)
	}
	return c.Password, c.User != st.Lease.User, nil
}
