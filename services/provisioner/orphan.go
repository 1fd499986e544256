package provisioner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

// The alarms about instances that nobody answers for. Their pages are
// docs/runbooks/orphan-instance.md and too-many-orphans.md.
const (
	orphanInstance = "orphan-instance"
	tooManyOrphans = "too-many-orphans"
)

const (
	// orphanGrace is how much older than the provisioning limit an instance
	// must be to be nobody's.
	orphanGrace = 10 * time.Minute
	// maxOrphans is how many one sweep ends. More are a lost table or the wrong
	// account sooner than orphans: then it ends none.
	maxOrphans = 5
)

// sweepOrphans ends what bears our tag and is of no record, or of one that is
// finished, and tells people of each.
func (s *Service) sweepOrphans(ctx context.Context, cause event.Header, w world, live *sync.Map) error {
	orphans, err := s.orphans(ctx, w, live)
	if err != nil {
		return err
	}
	if len(orphans) > maxOrphans {
		return s.tooMany(ctx, cause, len(orphans))
	}
	var errs []error
	for _, i := range orphans {
		errs = append(errs, s.endOrphan(ctx, cause, i))
	}
	return errors.Join(errs...)
}

func (s *Service) orphans(ctx context.Context, w world, live *sync.Map) ([]instance, error) {
	young := s.clock.Now().Add(-s.catalog.Limits().Provisioning - orphanGrace)
	var out []instance
	for _, id := range slices.Sorted(maps.Keys(w.seen)) {
		i := w.seen[id]
		if i.launched.IsZero() || i.launched.After(young) {
			continue
		}
		if event.CheckRequestID(i.request) != nil {
			s.log.WarnContext(ctx, "an instance bears our tag and no request of ours", "instance", i.id, "region", i.region)
			continue
		}
		is, err := s.isOrphan(ctx, i, live)
		if err != nil {
			return nil, err
		}
		if is {
			out = append(out, i)
		}
	}
	return out, nil
}

// isOrphan reads the record, unless this sweep has visited it, and looks at the
// instance once more: what was seen running may have been ended since.
func (s *Service) isOrphan(ctx context.Context, i instance, live *sync.Map) (bool, error) {
	unfinished, visited := live.Load(i.request)
	if !visited {
		r, err := s.machine.Table().Load(ctx, i.request)
		if err != nil {
			return false, err
		}
		unfinished = r.Version > 0 && r.State.Terminated == nil
	}
	if unfinished == true {
		return false, nil
	}
	now, ok, err := s.byID(ctx, i.region, i.id)
	if err != nil || !ok {
		return false, err
	}
	ending := now.state == types.InstanceStateNameShuttingDown || now.state == types.InstanceStateNameTerminated
	return !ending && now.request == i.request, nil
}

// endOrphan tells the reaper and people, and only then ends it. The reaper sees
// to what else such a request may have.
func (s *Service) endOrphan(ctx context.Context, cause event.Header, i instance) error {
	err := s.publish(ctx, event.About{RequestID: i.request, Discriminator: i.id, Cause: cause}, event.Overdue{
		What: "instance", Ref: i.id, Since: i.launched,
	}, event.Alarmed{
		Alarm: orphanInstance,
		Text: fmt.Sprintf("instance %s in %s bears the tag of %s, of which there is no record that is not finished; it is being terminated",
			i.id, i.region, i.request),
	})
	if err != nil {
		return err
	}
	s.log.WarnContext(ctx, "ending an orphan", "request_id", i.request, "instance", i.id, "region", i.region)
	_, err = s.ec2.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{i.id}}, inRegion(i.region))
	if err != nil && !isNotFound(err) {
		return fmt.Errorf("terminating orphan %s: %w", i.id, err)
	}
	return nil
}

// tooMany tells people once a day that nothing was ended.
func (s *Service) tooMany(ctx context.Context, cause event.Header, n int) error {
	s.log.ErrorContext(ctx, "too many orphans: none was ended", "count", n, "ceiling", maxOrphans)
	day := s.clock.Now().Format(time.DateOnly)
	return s.publish(ctx, event.About{Discriminator: tooManyOrphans + " " + day, Cause: cause}, event.Alarmed{
		Alarm: tooManyOrphans,
		Text:  fmt.Sprintf("%d instances bear our tag and are of no unfinished record: more than %d, so none was ended", n, maxOrphans),
	})
}

func (s *Service) publish(ctx context.Context, about event.About, said ...event.Data) error {
	about.Source, about.Trace, about.At = event.Provisioner, bus.TraceOf(ctx), s.clock.Now()
	events := make([]event.Event, len(said))
	for n, data := range said {
		e, err := event.New(about, data)
		if err != nil {
			return err
		}
		events[n] = e
	}
	if err := s.bus.Publish(ctx, events...); err != nil {
		return fmt.Errorf("publishing what a sweep found: %w", err)
	}
	return nil
}
