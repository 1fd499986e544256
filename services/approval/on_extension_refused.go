package approval

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnExtensionRefused writes down that an extension came after the end, and shows
// it to the approvers. One that was never permitted was not refused either.
func (s *Service) OnExtensionRefused(ctx context.Context, e event.Typed[event.ExtensionRefused]) error {
	q, rows, err := s.load(ctx, e.RequestID)
	if err != nil {
		return err
	}
	if q.IsExtended && q.TooLate == nil {
		entry := Entry{Kind: ExtensionRefused, Cause: e.ID, Total: e.Data.Total, EndedAt: e.Data.EndedAt}
		if err := s.note(ctx, e.Header, rows, entry); err != nil {
			return err
		}
	}
	return s.follow(ctx, e.Header)
}
