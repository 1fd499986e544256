package reaper

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	eventscheduler "github.com/aws/aws-sdk-go-v2/service/scheduler"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/topology"
)

// orphanGrace is how much older than the provisioning limit something must be
// to be nobody's.
const orphanGrace = 10 * time.Minute

// sweepSchedules deletes the reaper's schedules of leases that have ended or
// that nobody knows, and reports what in PowerPole's group is not PowerPole's.
// Who was visited in this sweep is not read again.
func (s *Service) sweepSchedules(ctx context.Context, ended *sync.Map) error {
	var foreign []string
	young := s.clock.Now().Add(-s.catalog.Limits().Provisioning - orphanGrace)
	pages := eventscheduler.NewListSchedulesPaginator(s.group, &eventscheduler.ListSchedulesInput{GroupName: awssdk.String(topology.ScheduleGroup)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("listing the schedules of group %s: %w", topology.ScheduleGroup, err)
		}
		for _, found := range page.Schedules {
			name := awssdk.ToString(found.Name)
			id, kind, ok := parse(name)
			if !ok {
				foreign = append(foreign, name)
			}
			// Without a date of its own it cannot be called old.
			if !kind.ours() || found.CreationDate == nil || found.CreationDate.After(young) {
				continue
			}
			if err := s.sweepSchedule(ctx, id, name, ended); err != nil {
				return err
			}
		}
	}
	if len(foreign) > 0 {
		s.log.WarnContext(ctx, "foreign schedules in the group of powerpole", "count", len(foreign), "some", foreign[:min(len(foreign), 5)])
	}
	return nil
}

func (s *Service) sweepSchedule(ctx context.Context, id, name string, ended *sync.Map) error {
	over, known := ended.Load(id)
	if !known {
		r, err := s.machine.Table().Load(ctx, id)
		if err != nil {
			return err
		}
		over = r.Version == 0 || r.State.Ended != nil
	}
	if over == false {
		return nil
	}
	s.log.WarnContext(ctx, "deleting a schedule of a lease that is over", "request_id", id, "schedule", name)
	return s.scheduler.Delete(ctx, name)
}

// pendingStop is approval's schedule for a request that nobody decides.
const pendingStop StopKind = "pending"

// ours reports whether it is the reaper that arms such a stop.
func (k StopKind) ours() bool { return k == StartStop || k == WarnStop || k == EndStop }

// parse takes a schedule's name apart, `<request>-<kind>-<generation>`. It
// reports false for a name that PowerPole does not give.
func parse(name string) (id string, kind StopKind, ok bool) {
	rest, generation, _ := cutLast(name)
	id, k, _ := cutLast(rest)
	kind = StopKind(k)
	ok = event.CheckRequestID(id) == nil && generation != "" && strings.Trim(generation, "0123456789") == "" &&
		(kind.ours() || kind == pendingStop)
	if !ok {
		return "", "", false
	}
	return id, kind, true
}

func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '-')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
