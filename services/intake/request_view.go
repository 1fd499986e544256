package intake

import (
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/slackui"
)

// onlyCluster is the cluster's id where there is no choice, "" otherwise.
func (s *Service) onlyCluster() string {
	if all := s.Catalog.Clusters(); len(all) == 1 {
		return all[0].ID
	}
	return ""
}

// requestView is the modal. What depends on the cluster appears once that is
// chosen.
func (s *Service) requestView(m metadata, clusterID string) slack.ModalViewRequest {
	cluster, chosen := s.Catalog.Cluster(clusterID)
	say := textsFor(m.Language)
	blocks := []slack.Block{s.clusterInput(cluster, chosen, say)}
	if chosen {
		blocks = append(blocks, s.clusterBlocks(cluster, say)...)
	}
	blocks = append(blocks, reasonInput(say.Why, say.WhyHint, maxReason), ticketInput(say))
	return modal(m, say, RequestCallback, say.Title, say.Submit, blocks...)
}

func (s *Service) clusterInput(cluster catalog.Cluster, chosen bool, say texts) slack.Block {
	all := s.Catalog.Clusters()
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain(say.ChooseCluster), ClusterAction, clusterOptions(all)...)
	if len(all) > maxOptions {
		menu = slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plain(say.SearchCluster), ClusterAction)
		menu.MinQueryLength = new(0)
	}
	if chosen {
		menu.InitialOption = option(cluster.ID, cluster.Name)
	}
	input := slack.NewInputBlock(ClusterBlock, plain(say.Cluster), nil, menu)
	input.DispatchAction = true
	return input
}

func clusterOptions(clusters []catalog.Cluster) []*slack.OptionBlockObject {
	var out []*slack.OptionBlockObject
	for _, c := range clusters[:min(len(clusters), maxOptions)] {
		out = append(out, option(c.ID, c.Name))
	}
	return out
}

// clusterBlocks are the inputs that depend on the cluster, its warning first.
func (s *Service) clusterBlocks(c catalog.Cluster, say texts) []slack.Block {
	var blocks []slack.Block
	if c.Warning != "" {
		blocks = append(blocks, slack.NewSectionBlock(markup(":warning: "+slackui.Text(c.Warning, slackui.MaxSection-20)), nil, nil))
	}
	roles := s.rolesOf(c)
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain(say.ChooseRole), RoleAction)
	var text []string
	for _, r := range roles {
		menu.Options = append(menu.Options, option(r.Name, fmt.Sprintf(say.UpTo, r.Name, hours(r.MaxDuration))))
		text = append(text, describe(r, say))
	}
	duration := slack.NewPlainTextInputBlockElement(plain("1h30m"), DurationAction)
	if len(roles) > 0 {
		duration.InitialValue = hours(roles[0].DefaultDuration)
	}
	duration.MaxLength = 20
	return append(blocks,
		slack.NewInputBlock(DatabasesBlock(c.ID), plain(say.Databases), nil, databasesMenu(c, say)),
		tablesInput(c, say),
		slack.NewInputBlock(RoleBlock(c.ID), plain(say.Role), nil, menu),
		slack.NewContextBlock("", markup(slackui.Text(strings.Join(text, "\n"), 2000))),
		slack.NewInputBlock(DurationBlock, plain(say.Length), plain(say.LengthHint), duration),
	)
}

func tablesInput(c catalog.Cluster, say texts) slack.Block {
	text := slack.NewPlainTextInputBlockElement(plain("shop.orders"), TablesAction)
	text.Multiline, text.MaxLength = true, maxTables
	input := slack.NewInputBlock(TablesBlock(c.ID), plain(say.Tables), plain(say.TablesHint), text)
	input.Optional = true
	return input
}

func databasesMenu(c catalog.Cluster, say texts) slack.BlockElement {
	if len(c.Databases) > maxOptions {
		menu := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeExternal, plain(say.SearchDatabases), DatabasesAction)
		menu.MinQueryLength = new(0)
		return menu
	}
	return slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, plain(say.ChooseDatabases), DatabasesAction, databaseOptions(c.Databases)...)
}

func databaseOptions(databases []string) []*slack.OptionBlockObject {
	var out []*slack.OptionBlockObject
	for _, d := range databases[:min(len(databases), maxOptions)] {
		out = append(out, option(d, d))
	}
	return out
}

func (s *Service) rolesOf(c catalog.Cluster) []catalog.Role {
	var out []catalog.Role
	for _, name := range c.Roles {
		if r, ok := s.Catalog.Role(name); ok {
			out = append(out, r)
		}
	}
	return out
}

// describe spells a role's real privileges out, and what people do not expect of
// them.
func describe(r catalog.Role, say texts) string {
	where := say.OnDatabases
	if len(r.Tables) > 0 {
		where = fmt.Sprintf(say.OnTables, strings.Join(r.Tables, "`, `"))
	}
	text := fmt.Sprintf(say.Describes, r.Name, strings.Join(r.Privileges, ", "), where, hours(r.MaxDuration))
	return strings.Join(append([]string{text}, r.Notes(say.Language)...), " ")
}

// hours writes a duration as people do: 1h30m, not 1h30m0s.
func hours(d time.Duration) string {
	text := strings.TrimSuffix(d.String(), "m0s")
	if text != d.String() {
		text += "m"
	}
	if short, ok := strings.CutSuffix(text, "h0m"); ok {
		text = short + "h"
	}
	return text
}

func reasonInput(label, hint string, longest int) slack.Block {
	text := slack.NewPlainTextInputBlockElement(nil, ReasonAction)
	text.Multiline, text.MaxLength = true, longest
	return slack.NewInputBlock(ReasonBlock, plain(label), plain(hint), text)
}

func ticketInput(say texts) slack.Block {
	text := slack.NewPlainTextInputBlockElement(nil, TicketAction)
	text.MaxLength = maxTicket
	input := slack.NewInputBlock(TicketBlock, plain(say.Ticket), nil, text)
	input.Optional = true
	return input
}
