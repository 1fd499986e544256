package notifier

import (
	"cmp"
	"fmt"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
)

// endLine tells a cluster's channel, in its language, that an access has ended
// and what was left of it.
func endLine(cluster catalog.Cluster, st State) []slack.MsgOption {
	say := textsFor(cluster.Language)
	st.Failure = "" // it stands nowhere else here, and may not be heard yet
	text := fmt.Sprintf(say.LineEnded, slackui.Mention(st.Ask.Requester.User), slackui.Line(st.Ask.Role, maxName),
		slackui.Line(cmp.Or(cluster.Name, cluster.ID), maxName)) + " " + cause(st, say)
	if st.Receipt.Account.Outcome == event.Parked {
		text += "\n:warning: " + fmt.Sprintf(say.AccountParked, slackui.Code(st.Receipt.Account.User))
	}
	if n := len(st.Receipt.Account.Prepared); n > 0 {
		text += "\n:warning: " + fmt.Sprintf(say.LinePrepared, n)
	}
	return []slack.MsgOption{
		slack.MsgOptionText(text, false), slack.MsgOptionBlocks(slackui.Section(text)),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
}
