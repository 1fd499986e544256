package notifier

import (
	"context"
	"errors"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// OnRequestCreated begins the requester's direct message. A request that intake
// did not sign for them, as it is, gets none; one that is too old gets approval's
// answer.
func (s *Service) OnRequestCreated(ctx context.Context, e event.Typed[event.RequestCreated]) error {
	by := e.Data.Requester
	late, err := s.verify(ctx, e.Header, e.Data.Slip, s.Catalog.Limits().Pending, warrant.Slip{
		Enterprise: by.Enterprise, Team: by.Team, User: by.User, Action: "request", Digest: e.Data.Digest,
	})
	if err != nil {
		return err
	}
	if digest, err := warrant.Digest(e.Data.Ask); err != nil || digest != e.Data.Digest {
		return s.forged(ctx, e.Header, warrant.Slip{User: by.User, Action: "request"}, errors.New("the request is not what its digest says"))
	}
	if late {
		return nil
	}
	if err := s.remember(ctx, e.Header, by.User); err != nil {
		return err
	}
	return s.fold(ctx, e.Header, func(st *State) bool {
		if st.Digest != "" {
			return false
		}
		st.Digest = e.Data.Digest
		if st.Ask == nil {
			st.Ask = &e.Data.Ask
		}
		return true
	})
}
