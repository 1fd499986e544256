package notifier

import (
	"context"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnArmed shows the end as the reaper has it now. Whichever generation is the
// newest counts.
func (s *Service) OnArmed(ctx context.Context, e event.Typed[event.Armed]) error {
	if e.Data.Stop != "end" {
		return nil
	}
	return s.fold(ctx, e.Header, func(st *State) bool {
		if e.Data.Generation <= st.Generation {
			return false
		}
		st.EndsAt, st.Generation = e.Data.At, e.Data.Generation
		return true
	})
}
