package approval

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/grant"
	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/slackui"
)

// Limits of what people wrote, so that all of a message fits, in characters.
const (
	maxReason = 1500
	maxName   = 200
	maxGrants = grant.MaxShown
)

// message shows approvers the request as the log has it now.
func (s *Service) message(q Request) []slack.MsgOption {
	cluster, _ := s.Catalog.Cluster(q.Cluster)
	say := textsFor(cluster.Language)
	name := cmp.Or(cluster.Name, q.Cluster)
	blocks := append(s.question(q, name, say), answer(q, say)...)
	push := fmt.Sprintf(say.Push, slackui.Line(cmp.Or(q.Requester.Name, q.Requester.User), maxName), q.Role, slackui.Line(name, maxName))
	return []slack.MsgOption{
		slack.MsgOptionText(push, false), slack.MsgOptionBlocks(blocks...),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
}

// question is what was asked for. It stays as it is.
func (s *Service) question(q Request, cluster string, say texts) []slack.Block {
	fields := []string{
		say.Databases + "\n" + codes(q.Databases), say.Length + "\n" + length(q.Duration),
		say.LatestEnd + "\n" + slackui.Date(q.LatestEnd(s.Catalog.Limits().Provisioning)),
	}
	if len(q.Tables) > 0 {
		fields = append(fields, say.Tables+"\n"+codes(q.Tables))
	}
	if q.Ticket != "" {
		fields = append(fields, say.Ticket+"\n"+slackui.Line(q.Ticket, maxName))
	}
	blocks := []slack.Block{
		slackui.Header(say.Heading),
		slackui.Section(fmt.Sprintf(say.Asks, slackui.Mention(q.Requester.User), slackui.Line(q.Role, maxName), slackui.Line(cluster, maxName)) +
			" " + slackui.Code(q.Cluster)),
		slackui.Fields(fields...),
		slackui.Section(say.Reason + "\n" + slackui.Quote(q.Reason, maxReason)),
		slackui.Section(say.Recent + "\n" + lines(q.Recent, say)),
		slackui.Section(say.Grants + "\n" + slackui.CodeBlock(strings.Join(grants(q.Asked), "\n"), maxGrants)),
	}
	if notes := (catalog.Role{Privileges: q.Privileges}).Notes(say.Language); len(notes) > 0 {
		blocks = append(blocks, slackui.Context(strings.Join(notes, "\n")))
	}
	return blocks
}

// answer is what has become of it, with buttons as long as anybody can decide.
func answer(q Request, say texts) []slack.Block {
	lines := []string{outcome(q, say)}
	if q.Status == Requested && len(q.Votes) > 0 {
		lines = append(lines, fmt.Sprintf(say.ApprovedBy, mentions(q.Votes)))
	}
	if q.Status == Requested && len(q.Looking) > 0 {
		lines = append(lines, fmt.Sprintf(say.Looking, mentions(q.Looking)))
	}
	switch {
	case q.TooLate != nil:
		lines = append(lines, fmt.Sprintf(say.IsExtendedLate, slackui.Date(q.TooLate.EndedAt)))
	case q.IsExtended:
		lines = append(lines, fmt.Sprintf(say.IsExtended, length(q.Total)))
	}
	if q.Release != nil {
		lines = append(lines, fmt.Sprintf(say.IsReleased, slackui.Mention(q.Release.By.User)))
	}
	blocks := []slack.Block{slackui.Divider(), slackui.Section(strings.Join(lines, "\n"))}
	if q.Status != Requested {
		return blocks
	}
	value := slackui.ButtonValue{RequestID: q.ID, Digest: q.Digest}
	return append(blocks, slackui.Actions("decide",
		slackui.Button{Action: event.Approve, Label: say.ApproveLabel, Value: value, Style: slack.StylePrimary},
		slackui.Button{Action: event.Deny, Label: say.DenyLabel, Value: value, Style: slack.StyleDanger},
		slackui.Button{Action: event.Look, Label: say.LookLabel, Value: value},
	)...)
}

func outcome(q Request, say texts) string {
	by := slackui.Mention(q.Decided.By.User)
	rule := slackui.Line(strings.Join(q.Decided.Rules, ", "), maxName)
	nobody := q.Decided.By == (event.Person{})
	switch q.Status {
	case Approved:
		if nobody {
			return fmt.Sprintf(say.IsApprovedByRule, rule)
		}
		return fmt.Sprintf(say.IsApproved, mentions(q.Votes))
	case Denied:
		why := slackui.Line(denial(q.Decided, say.Language), maxReason)
		if nobody || q.Decided.Action == "" {
			return fmt.Sprintf(say.IsDeniedByRule, rule, why)
		}
		return fmt.Sprintf(say.IsDenied, by, why)
	case Cancelled:
		return fmt.Sprintf(say.IsCancelled, by)
	case Lapsed:
		return say.IsLapsed
	case Ended:
		return fmt.Sprintf(say.IsEnded, slackui.Date(q.Decided.End.EndedAt))
	default:
		return fmt.Sprintf(say.Needs, max(q.Approvals-len(q.Votes), 1)) + " · " + fmt.Sprintf(say.LapsesAt, slackui.Date(q.Due()))
	}
}

// denial is a denial's reason in a language: what a person wrote stays as it is.
func denial(denied Entry, language string) string {
	if denied.Action == "" || denied.Text == "" {
		return reason.In(language, cmp.Or(denied.Text, reason.NoReason.Say()))
	}
	return denied.Text
}

// happened says to somebody who comes late what has been done already.
func (s *Service) happened(q Request, c click) string {
	name := func(p event.Person) string { return cmp.Or(p.Name, p.User) }
	by := name(q.Decided.By)
	switch {
	case q.Status == Approved && q.Release != nil:
		return reason.WasReleased.Say(name(q.Release.By))
	case q.Status == Approved:
		return reason.WasApproved.Say(cmp.Or(by, q.Rule))
	case q.Status == Denied:
		return reason.WasDenied.Say(by)
	case q.Status == Cancelled:
		return reason.WasCancelled.Say(by)
	case q.Status == Lapsed:
		return reason.WasLapsed.Say()
	default:
		return reason.WasEnded.Say()
	}
}

// grants are the statements that the grantor will issue, but for the account,
// which has no name before the bastion has an address.
func grants(a Asked) []string {
	scopes, err := grant.Scopes(a.Databases, a.Tables, a.Privileges)
	if err != nil {
		return []string{"-- " + err.Error()} // it was refused
	}
	var out []string
	for _, s := range scopes {
		out = append(out, s.Statement(false))
	}
	return out
}

func codes(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = slackui.Code(n)
	}
	return strings.Join(quoted, ", ")
}

func mentions(people []event.Person) string {
	named := make([]string, len(people))
	for i, p := range people {
		named[i] = slackui.Mention(p.User)
	}
	return strings.Join(named, ", ")
}

func length(d event.Duration) string { return slackui.Length(d.Std()) }
