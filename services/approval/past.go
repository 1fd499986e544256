package approval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/pkg/store"
)

const (
	// maxRecent is how many of a person's requests approvers are shown.
	maxRecent = 5
	// maxPast is how many are remembered: a few more, for one may have come to
	// nothing.
	maxPast = 2 * maxRecent
)

// Past is which requests a person has made, the newest first.
type Past struct {
	Requests []string `json:"requests"`
	// Doubted is the person where they changed and Slack did not say how.
	Doubted *event.Person `json:"doubted,omitempty"`
}

// pastOf names a person's record. It is no request's id.
func pastOf(user string) string { return "past#" + user }

// Live implements store.State.
func (p Past) Live() bool { return p.Doubted != nil }

// Pointers implements store.State.
func (Past) Pointers() []store.Pointer { return nil }

// Recent is a request that somebody made before, as it was when the next one
// came.
type Recent struct {
	At       time.Time      `json:"at"`
	Cluster  string         `json:"cluster"`
	Role     string         `json:"role"`
	Duration event.Duration `json:"duration"`
	Status   Kind           `json:"status"`
}

// recent puts a request on its person's list, and returns those before it.
func (s *Service) recent(ctx context.Context, h event.Header, user string) ([]Recent, error) {
	ids, err := s.remember(ctx, h, user)
	if err != nil {
		return nil, err
	}
	var out []Recent
	for _, id := range ids {
		if id == h.RequestID || len(out) == maxRecent {
			continue
		}
		rows, err := s.Log.Rows(ctx, id)
		if errors.Is(err, store.ErrBroken) {
			// `powerpole audit` tells of it; nobody's next request waits for that.
			s.Logger.ErrorContext(ctx, "a log is broken", "request_id", id, "error", err)
			continue
		}
		if err != nil {
			return nil, err
		}
		if q := fold(id, rows); q.Requester.User == user {
			out = append(out, Recent{q.At, q.Cluster, q.Role, q.Total, q.Status})
		}
	}
	return out, nil
}

// remember returns the list with the request on it.
func (s *Service) remember(ctx context.Context, h event.Header, user string) (all []string, err error) {
	request := h.RequestID
	h.RequestID = pastOf(user)
	err = s.Pasts.Run(ctx, h.RequestID, h, func(r store.Record[Past]) store.Step[Past] {
		all = newest(append([]string{request}, r.State.Requests...))
		if slices.Equal(all, r.State.Requests) {
			return store.Done[Past]()
		}
		return store.Move(store.Transition[Past]{To: func(past *Past) { past.Requests = all }})
	})
	return all, err
}

// newest sorts requests by when they were made, which their ids say, and cuts
// the oldest.
func newest(ids []string) []string {
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(b, a) })
	ids = slices.Compact(ids)
	return ids[:min(len(ids), maxPast)]
}

// lines show them, one a line.
func lines(recent []Recent, say texts) string {
	if len(recent) == 0 {
		return say.NoRecent
	}
	out := make([]string, len(recent))
	for i, r := range recent {
		out[i] = fmt.Sprintf("• %s · %s · %s · %s · %s",
			slackui.Date(r.At), slackui.Line(r.Role, maxName), slackui.Code(r.Cluster), length(r.Duration), say.became(r.Status))
	}
	return strings.Join(out, "\n")
}

// became says in a word what came of a request.
func (t texts) became(status Kind) string {
	switch status {
	case Requested:
		return t.PastOpen
	case Approved:
		return t.PastApproved
	case Denied:
		return t.PastDenied
	case Cancelled:
		return t.PastCancelled
	case Lapsed:
		return t.PastLapsed
	default:
		return t.PastEnded
	}
}
