package grantor

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// OnExpired ends the account, whatever became of its grant, and answers with
// Revoked. A request that was never heard of leaves a tombstone, so that what
// comes later builds nothing.
func (s *Service) OnExpired(ctx context.Context, e event.Typed[event.Expired]) error {
	end := &End{EventID: e.ID, Cause: e.Data.Cause, EndedAt: e.Data.EndedAt.UTC(), Drain: e.Data.Drain.Std()}
	return s.machine(ctx, e.Header, func(r store.Record[State]) store.Step[State] {
		return s.decideEnd(r, end)
	})
}
