package notifier

import (
	"context"
	"slices"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnVoted shows the requester who approved or is looking, and tells somebody
// whose click was not taken why.
func (s *Service) OnVoted(ctx context.Context, e event.Typed[event.Voted]) error {
	if !e.Data.Taken {
		return s.run(ctx, e.Header, refusal(e))
	}
	if e.Data.Action != event.Approve && e.Data.Action != event.Look {
		return nil
	}
	vote := Vote{By: e.Data.By, Action: e.Data.Action}
	return s.fold(ctx, e.Header, func(st *State) bool {
		if slices.Contains(st.Votes, vote) {
			return false
		}
		st.Votes = append(slices.Clone(st.Votes), vote)
		if st.Needed == 0 || e.Data.Needed < st.Needed {
			st.Needed = e.Data.Needed
		}
		return true
	})
}

func refusal(e event.Typed[event.Voted]) func(*State) bool {
	return func(st *State) bool {
		known := slices.Contains(st.Told, e.ID) ||
			slices.ContainsFunc(st.Answers, func(a Answer) bool { return a.ID == e.ID })
		if known {
			return false
		}
		st.Answers = append(slices.Clone(st.Answers), Answer{ID: e.ID, By: e.Data.By, Message: e.Data.Message, Text: e.Data.Refused})
		return true
	}
}
