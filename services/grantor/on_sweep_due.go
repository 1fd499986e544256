package grantor

import (
	"context"
	"errors"

	"github.com/powerpole/powerpole/pkg/event"
)

// OnSweepDue looks after everything that this service made: every live record
// goes on from where it stands, and every server is looked at for accounts that
// the ledger does not know.
func (s *Service) OnSweepDue(ctx context.Context, _ event.Typed[event.SweepDue]) error {
	if err := s.Sweep.Run(ctx, s.visit); err != nil {
		return err
	}
	var errs []error
	for _, cluster := range s.Catalog.Clusters() {
		if err := s.lookForForeign(ctx, cluster); err != nil {
			// One cluster that does not answer hides no other's.
			s.Log.ErrorContext(ctx, "looking for foreign accounts failed", "cluster", cluster.ID, "error", err)
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 && ctx.Err() != nil {
		return errors.Join(errs...)
	}
	return nil // the next sweep looks again
}
