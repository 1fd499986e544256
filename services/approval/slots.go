package approval

import (
	"context"
	"errors"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// takeSlot takes one of the person's places for open requests. It reports false
// where all are taken.
func (s *Service) takeSlot(ctx context.Context, h event.Header, p event.Person) (bool, error) {
	for n := 1; n <= s.Catalog.Limits().OpenPerPerson; n++ {
		err := s.Machine.Run(ctx, h.RequestID, h, func(r store.Record[State]) store.Step[State] {
			if r.State.Slot > 0 || r.State.Over || r.Claim != nil {
				return store.Stop[State](nil)
			}
			return store.Move(store.Transition[State]{To: func(st *State) { st.Requester, st.Slot = p.User, n }})
		})
		if !errors.Is(err, store.ErrTaken) {
			return err == nil, err
		}
	}
	return false, nil
}

// openRequests lists the requests that the person has open.
func (s *Service) openRequests(ctx context.Context, p event.Person) ([]string, error) {
	var ids []string
	for n := 1; n <= s.Catalog.Limits().OpenPerPerson; n++ {
		id, err := s.Machine.Table().Find(ctx, slot(p.User, n))
		if err != nil {
			return nil, err
		}
		if id != "" {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
