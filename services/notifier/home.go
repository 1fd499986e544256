package notifier

import (
	"context"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// maxHome is how many requests the Home tab remembers of a person.
const maxHome = 10

// Home is which requests a person has made, the newest first.
type Home struct {
	Requests []string `json:"requests"`
}

// Live implements store.State: nothing is left to do about it.
func (Home) Live() bool { return false }

// Pointers implements store.State.
func (Home) Pointers() []store.Pointer { return nil }

// remember puts a request on its person's list.
func (s *Service) remember(ctx context.Context, h event.Header, user string) error {
	request := h.RequestID
	h.RequestID = recordOf("home", user)
	return patiently(ctx, s.Homes, h, func(r store.Record[Home]) store.Step[Home] {
		all := newest(append([]string{request}, r.State.Requests...))
		if slices.Equal(all, r.State.Requests) {
			return store.Done[Home]()
		}
		return store.Move(store.Transition[Home]{To: func(home *Home) { home.Requests = all }})
	})
}

// newest sorts requests by when they were made, which their ids say, and cuts
// the oldest.
func newest(ids []string) []string {
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(b, a) })
	ids = slices.Compact(ids)
	return ids[:min(len(ids), maxHome)]
}
