package intake

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// requested answers the request's modal: with errors on its fields, or with
// nothing once the request is on the bus, which closes it.
func (s *Service) requested(ctx context.Context, c slack.InteractionCallback) (answer, error) {
	m, err := parseMetadata(c.View.PrivateMetadata)
	if err != nil {
		return nil, err
	}
	say := textsFor(m.Language)
	ask, problems := s.readAsk(values(c), say)
	if len(problems) > 0 {
		return slack.NewErrorsViewSubmissionResponse(problems), nil
	}
	ask.Requester, err = s.person(ctx, c)
	if err != nil {
		s.Log.ErrorContext(ctx, "looking a person up failed", "request", m.RequestID, "error", err)
		return refuse(say.Nobody), nil
	}
	if err := s.publishRequest(ctx, m.RequestID, ask); err != nil {
		s.Log.ErrorContext(ctx, "publishing a request failed", "request", m.RequestID, "error", err)
		return refuse(say.RequestUnsent), nil
	}
	return nil, nil
}

// refuse keeps the form open. The reason's block is the one that is always
// there.
func refuse(text string) answer {
	return slack.NewErrorsViewSubmissionResponse(map[string]string{ReasonBlock: text})
}

func (s *Service) publishRequest(ctx context.Context, id string, ask event.Ask) error {
	digest, err := warrant.Digest(ask)
	if err != nil {
		return err
	}
	slip, err := s.sign(ask.Requester, warrant.Slip{Action: "request", RequestID: id, Digest: digest})
	if err != nil {
		return err
	}
	return s.publish(ctx, event.About{RequestID: id}, event.RequestCreated{Ask: ask, Digest: digest, Slip: slip})
}

// fields are a form's values by block id.
type fields map[string]slack.BlockAction

// values takes the one element of each block: what a block is for is its id.
func values(c slack.InteractionCallback) fields {
	out := fields{}
	if c.View.State == nil {
		return out
	}
	for block, elements := range c.View.State.Values {
		for _, e := range elements {
			out[block] = e
		}
	}
	return out
}

// readAsk reads what was asked for. problems are by block id, and empty where
// the catalog allows it.
func (s *Service) readAsk(f fields, say texts) (ask event.Ask, problems map[string]string) {
	problems = map[string]string{}
	ask.Cluster = f[ClusterBlock].SelectedOption.Value
	blocks := blocksOf(ask.Cluster)
	ask.Role = f[blocks["role"]].SelectedOption.Value
	for _, o := range f[blocks["databases"]].SelectedOptions {
		ask.Databases = append(ask.Databases, o.Value)
	}
	ask.Tables = s.readTables(f[blocks["tables"]].Value, ask)
	var problem string
	note := func(block string) {
		if problem != "" {
			problems[block] = problem
		}
	}
	ask.Duration, problem = parseDuration(f[DurationBlock].Value, say)
	note(DurationBlock)
	ask.Reason, problem = readText(f[ReasonBlock].Value, maxReason, true, say)
	note(ReasonBlock)
	ask.Ticket, problem = readText(f[TicketBlock].Value, maxTicket, false, say)
	note(TicketBlock)
	s.checkCatalog(ask, f, problems, say)
	return ask, problems
}

// readTables reads one table a line, however the spaces in it are set. Without
// any, a role's own tables are asked for.
func (s *Service) readTables(text string, ask event.Ask) []string {
	var tables []string
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), ""); line != "" {
			tables = append(tables, strings.ReplaceAll(line, ",", ", "))
		}
	}
	if len(tables) > 0 {
		return tables
	}
	role, _ := s.Catalog.Role(ask.Role) // the catalog refuses one that is unknown
	return role.TablesIn(ask.Databases)
}

// blocksOf says in which block each field of the catalog's refusals is.
func blocksOf(cluster string) map[string]string {
	return map[string]string{
		"cluster": ClusterBlock, "databases": DatabasesBlock(cluster),
		"tables": TablesBlock(cluster), "role": RoleBlock(cluster), "duration": DurationBlock,
	}
}

func (s *Service) checkCatalog(ask event.Ask, f fields, problems map[string]string, say texts) {
	blocks := blocksOf(ask.Cluster)
	for _, r := range s.Catalog.Check(catalog.Ask{
		Cluster: ask.Cluster, Databases: ask.Databases, Tables: ask.Tables, Role: ask.Role, Duration: ask.Duration.Std(),
	}) {
		block := blocks[r.Field]
		if _, there := f[block]; !there {
			block = ClusterBlock // Slack shows an error only on a block that the form has
		}
		if problems[block] == "" {
			problems[block] = reason.In(say.Language, r.Text)
		}
	}
}

// parseDuration reads "2h" or "1h30m", in whole seconds. What the catalog allows
// is the catalog's to say.
func parseDuration(text string, say texts) (event.Duration, string) {
	d, err := time.ParseDuration(strings.ToLower(strings.ReplaceAll(text, " ", "")))
	if err != nil || d <= 0 || d%time.Second != 0 {
		return 0, say.WrongLength
	}
	return event.Duration(d), ""
}

func readText(raw string, longest int, needed bool, say texts) (text, problem string) {
	text = clean(raw)
	switch n := len([]rune(text)); {
	case n == 0 && needed:
		return "", say.Missing
	case n > longest:
		return "", fmt.Sprintf(say.TooLong, longest, n)
	}
	return text, ""
}
