package notifier

import (
	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
)

// buttons are what the requester can do now.
func (s *Service) buttons(id string, st State, say texts) []slackui.Button {
	value := slackui.ButtonValue{RequestID: id, Digest: st.Digest}
	cancel := slackui.Button{
		Action: event.Cancel, Label: say.CancelLabel, Value: value, Style: slack.StyleDanger,
		Sure: say.CancelSure, Yes: say.Yes, No: say.No,
	}
	done := slackui.Button{
		Action: event.Release, Label: say.DoneLabel, Value: value, Style: slack.StylePrimary,
		Sure: say.DoneSure, Yes: say.Yes, No: say.No,
	}
	switch {
	case st.Phase() == Waiting || st.Phase() == Building:
		return []slackui.Button{cancel}
	case st.Usable() && s.extendable(st):
		return []slackui.Button{done, {Action: event.Extend, Label: say.ExtendLabel, Value: value}}
	case st.Usable():
		return []slackui.Button{done}
	default:
		return nil
	}
}

// extendable reports whether asking for more time can come to anything.
func (s *Service) extendable(st State) bool {
	role, ok := s.Catalog.Role(st.Ask.Role)
	return ok && role.Extend && !st.Extended() && st.Ask.Duration.Std() < role.MaxDuration
}
