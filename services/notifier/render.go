package notifier

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/slackui"
)

// Limits of what people and services wrote, in characters.
const (
	maxReason = 1500
	maxName   = 200
)

// render shows the record in the requester's direct message. The notification
// (text) never says more than where the request is.
func (s *Service) render(ctx context.Context, id string, st State) ([]slack.MsgOption, error) {
	say := textsFor(st.Ask.Requester.Locale)
	heading := s.heading(st, say)
	blocks := []slack.Block{slackui.Header(heading), slackui.Section(s.what(st))}
	body, err := s.body(ctx, id, st, say)
	if err != nil {
		return nil, err
	}
	blocks = append(blocks, body...)
	blocks = append(blocks, slackui.Actions("request", s.buttons(id, st, say)...)...)
	blocks = append(blocks, slackui.Context(slackui.Code(id)))
	return []slack.MsgOption{
		slack.MsgOptionText(heading, false), slack.MsgOptionBlocks(blocks...),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}, nil
}

func (s *Service) heading(st State, say texts) string {
	switch st.Phase() {
	case Waiting:
		return say.Waiting
	case Building:
		return say.Building
	case Ready:
		return say.Ready
	case Warning:
		return say.Warning
	case Failing:
		return say.Failed
	case Ending:
		return say.Ending
	case Ended:
		if st.Lease == nil {
			return say.Failed
		}
		return say.Ended
	case Denied:
		return say.Denied
	case Cancelled:
		return say.Cancelled
	default:
		return say.Lapsed
	}
}

// what is what was asked for, in one line.
func (s *Service) what(st State) string {
	return fmt.Sprintf("*%s* · *%s* · %s · %s", slackui.Line(st.Ask.Role, maxName), slackui.Line(s.clusterName(st), maxName),
		codes(st.Ask.Databases), slackui.Length(st.Ask.Duration.Std()))
}

func (s *Service) clusterName(st State) string {
	if c, ok := s.Catalog.Cluster(st.Ask.Cluster); ok && c.Name != "" {
		return c.Name
	}
	return st.Ask.Cluster
}

func (s *Service) body(ctx context.Context, id string, st State, say texts) ([]slack.Block, error) {
	switch st.Phase() {
	case Waiting:
		return sections(s.waiting(st, say)), nil
	case Building:
		return sections(building(st, say)), nil
	case Ready, Warning:
		return s.connection(ctx, id, st, say)
	case Failing:
		return sections(failure(st, say), say.TakingDown), nil
	case Ending:
		return sections(cause(st, say), tooLate(st, say), failure(st, say), say.TakingDown), nil
	case Ended:
		return sections(cause(st, say), tooLate(st, say), failure(st, say), receipt(st, say)), nil
	case Denied:
		return sections(denial(st, say), quoted(denialReason(*st.Denied, say))), nil
	default:
		return nil, nil
	}
}

func (s *Service) waiting(st State, say texts) string {
	cluster, _ := s.Catalog.Cluster(st.Ask.Cluster)
	lines := []string{fmt.Sprintf(say.WaitingIn, slackui.Channel(cluster.Channel))}
	if yes := voters(st, event.Approve); yes != "" {
		lines = append(lines, fmt.Sprintf(say.ApprovedBy, yes), fmt.Sprintf(say.Needed, st.Needed))
	}
	if looking := voters(st, event.Look); looking != "" {
		lines = append(lines, fmt.Sprintf(say.LookingNow, looking))
	}
	return strings.Join(lines, "\n")
}

func building(st State, say texts) string {
	by := say.ARule
	if len(st.Approved.By) > 0 {
		by = mentions(st.Approved.By)
	}
	done, open := ":white_check_mark: ", ":hourglass_flowing_sand: "
	lines := []string{done + fmt.Sprintf(say.ApprovedBy, by)}
	if st.Bastion == nil {
		lines = append(lines, open+say.BuildingBastion)
	} else {
		lines = append(lines, done+say.BastionReady, open+say.MakingAccount)
	}
	return strings.Join(append(lines, fmt.Sprintf(say.BuildingUntil, slackui.Date(st.Approved.StartBy))), "\n")
}

func denial(st State, say texts) string {
	if st.Denied.By == (event.Person{}) {
		return fmt.Sprintf(say.DeniedByRule, slackui.Code(st.Denied.Rule))
	}
	return fmt.Sprintf(say.DeniedBy, slackui.Mention(st.Denied.By.User))
}

// denialReason is in the reader's language, unless a person wrote it.
func denialReason(d Denial, say texts) string {
	if d.By != (event.Person{}) && d.Reason != reason.NoReason.Say() {
		return d.Reason
	}
	return reason.In(say.Language, d.Reason)
}

// failure is why there was nothing to use.
func failure(st State, say texts) string { return quoted(reason.In(say.Language, st.Failure)) }

// cause is why a lease ended, and when.
func cause(st State, say texts) string {
	end := event.Expired{}
	if st.Expired != nil {
		end = *st.Expired
	}
	if r := st.Receipt; r != nil {
		end.Cause, end.EndedAt, end.Reason = r.Cause, r.EndedAt, cmp.Or(r.Reason, end.Reason)
	}
	text := fmt.Sprintf(say.EndedAt, slackui.Date(end.EndedAt)) + " · " + say.Causes[end.Cause]
	if end.Reason != "" && end.Cause != event.ByTime && st.Failure == "" {
		text += " (" + slackui.Line(reason.In(say.Language, end.Reason), maxReason) + ")"
	}
	return text
}

// tooLate says that more time was permitted when there was none left to add to.
func tooLate(st State, say texts) string {
	if st.TooLate == nil {
		return ""
	}
	return fmt.Sprintf(say.ExtensionTooLate, slackui.Date(st.TooLate.EndedAt))
}

// receipt is the proof that nothing was left behind, or what was.
func receipt(st State, say texts) string {
	r := st.Receipt
	lines := []string{":receipt: *" + say.Receipt + "*"}
	add := func(format string, args ...any) { lines = append(lines, "• "+fmt.Sprintf(format, args...)) }
	switch r.Account.Outcome {
	case event.Gone:
		add(say.AccountGone, slackui.Code(r.Account.User), r.Account.Killed)
	case event.Parked:
		add(say.AccountParked, slackui.Code(r.Account.User))
	default:
		add("%s", say.AccountNone)
	}
	for _, prepared := range r.Account.Prepared[:min(len(r.Account.Prepared), 10)] {
		add(say.Prepared, slackui.Code(prepared.XID), slackui.Code(prepared.End))
	}
	if r.Account.SecretDeleted {
		add("%s", say.SecretGone)
	}
	if r.Instance.Outcome == event.Gone {
		add(say.InstanceGone, slackui.Code(r.Instance.InstanceID), r.Instance.Sessions)
	} else {
		add("%s", say.InstanceNone)
	}
	add(say.SchedulesGone, r.Schedules)
	// Last, so that a long list hides no proof, and to be copied as it is.
	for _, kept := range r.Account.Kept[:min(len(r.Account.Kept), 10)] {
		add(say.Kept, slackui.Line(kept.Kind, maxName), slackui.Code(kept.Name), "\n"+slackui.CodeBlock(kept.TakeOver, maxTakeOver))
	}
	return fit(lines)
}

// maxTakeOver is the most that is shown of one object's statements, in
// characters.
const maxTakeOver = 1000

// fit joins as many lines as a section takes.
func fit(lines []string) string {
	text := ""
	for _, line := range lines {
		if len([]rune(text))+len([]rune(line))+1 > slackui.MaxSection {
			break
		}
		text += line + "\n"
	}
	return strings.TrimSuffix(text, "\n")
}

func sections(texts ...string) []slack.Block {
	var blocks []slack.Block
	for _, t := range texts {
		if t != "" {
			blocks = append(blocks, slackui.Section(t))
		}
	}
	return blocks
}

func quoted(text string) string {
	if text == "" {
		return ""
	}
	return slackui.Quote(text, maxReason)
}

func voters(st State, action event.Action) string {
	var people []event.Person
	for _, v := range st.Votes {
		if v.Action == action && !slices.Contains(people, v.By) {
			people = append(people, v.By)
		}
	}
	return mentions(people)
}

func mentions(people []event.Person) string {
	named := make([]string, len(people))
	for i, p := range people {
		named[i] = slackui.Mention(p.User)
	}
	return strings.Join(named, ", ")
}

func codes(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = slackui.Code(n)
	}
	return strings.Join(quoted, ", ")
}
