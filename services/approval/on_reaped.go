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
		err := s.note(ctx, e.Header, rows, Entry{Kind: Ended, Cause: e.ID, End: &End{
			Cause: e.Data.Cause, EndedAt: e.Data.EndedAt, ReapedAt: e.Data.ReapedAt,
			Account: e.Data.Account.Outcome, Instance: e.Data.Instance.Outcome, Killed: e.Data.Account.Killed,
		}})
		if err != nil {
			return err
		}
	}
	return s.follow(ctx, e.Header)
}

// note writes a row about what the reaper said. Where another row came first it
// is to be tried again.
func (s *Service) note(ctx context.Context, h event.Header, rows []store.Row[Entry], entry Entry) error {
	err := s.Log.Append(ctx, h.RequestID, rows, h, entry)
	if errors.Is(err, store.ErrConflict) {
		return bus.Later(time.Second, fmt.Errorf("writing %q into the log of %s: %w", entry.Kind, h.RequestID, err))
	}
	return err
}
