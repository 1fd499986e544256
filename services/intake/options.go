package intake

import (
	"slices"
	"strings"

	"github.com/slack-go/slack"
)

// options answers a search in a menu that has too many entries to send them all.
func (s *Service) options(c slack.InteractionCallback) answer {
	found := []*slack.OptionBlockObject{}
	switch c.ActionID {
	case ClusterAction:
		found = append(found, clusterOptions(s.Catalog.ClustersMatching(c.Value))...)
	case DatabasesAction:
		id, _ := strings.CutPrefix(c.BlockID, DatabasesBlock(""))
		cluster, _ := s.Catalog.Cluster(id)
		matching := slices.DeleteFunc(cluster.Databases, func(d string) bool {
			return !strings.Contains(strings.ToLower(d), strings.ToLower(strings.TrimSpace(c.Value)))
		})
		found = append(found, databaseOptions(matching)...)
	}
	return optionsAnswer{found}
}

// optionsAnswer has its list even where that is empty: Slack wants one.
type optionsAnswer struct {
	Options []*slack.OptionBlockObject `json:"options"`
}
