package approval

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// OnReaped writes the last row of a request that was approved, and closes its
// log.
func (s *Service) OnReaped(ctx context.Context, e event.Typed[event.Reaped]) error {
	q, rows, err := s.load(ctx, e.RequestID)
	if err != nil {
		return err
	}
	if q.Status == Approved {
		err := s.Log.Append(ctx, e.RequestID, rows, e.Header, Entry{Kind: Ended, Cause: e.ID, End: &End{
			Cause: e.Data.Cause, EndedAt: e.Data.EndedAt, ReapedAt: e.Data.ReapedAt,
			Account: e.Data.Account.Outcome, Instance: e.Data.Instance.Outcome, Killed: e.Data.Account.Killed,
		}})
		if errors.Is(err, store.ErrConflict) {
			return bus.Later(time.Second, fmt.Errorf("ending the log of %s: %w", e.RequestID, err))
		}
		if err != nil {
			return err
		}
	}
	return s.follow(ctx, e.Header)
}
