package provisioner

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// lookWithin is how long a sweep looks at its regions: one that does not answer
// must not keep the records waiting.
const lookWithin = 8 * time.Second

// world is what bears our tag and has not ended, as a sweep saw it before its
// visits.
type world struct {
	seen  map[string]instance
	blind map[string]bool // regions that could not be looked at
}

// lookAround asks each of the catalog's regions once for everything of ours.
func (s *Service) lookAround(ctx context.Context) world {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	w := world{seen: map[string]instance{}, blind: map[string]bool{}}
	var mu sync.Mutex
	var looking sync.WaitGroup
	for _, region := range s.regions(State{}) {
		looking.Go(func() {
			found, err := s.tagged(ctx, region)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				s.log.ErrorContext(ctx, "a region could not be swept", "region", region, "error", err)
				w.blind[region] = true
			}
			for _, i := range found {
				w.seen[i.id] = i
			}
		})
	}
	looking.Wait()
	return w
}

// perPage is how many instances a sweep is told of at once: EC2 says kilobytes
// of each, of which little is kept.
const perPage = 200

// tagged looks for what bears our installation's tag and that of any request, and
// has not ended.
func (s *Service) tagged(ctx context.Context, region string) ([]instance, error) {
	return s.describe(ctx, region, &ec2.DescribeInstancesInput{MaxResults: aws.Int32(perPage), Filters: []types.Filter{
		s.ours(), where("tag-key", TagRequest),
		where("instance-state-name", "pending", "running", "stopping", "stopped"),
	}})
}

// forgotten is an instance that had to give way to another one and still runs,
// though its end was asked for; -1 for none. A teardown looks at it as at any
// other, but the lease of its successor may last for hours.
func (w world) forgotten(st State, now time.Time) int {
	return slices.IndexFunc(st.Launches, func(l Launch) bool {
		_, runs := w.seen[l.InstanceID]
		return l.Clash && runs && !l.AskedAt.IsZero() && now.Sub(l.AskedAt) >= askAgain
	})
}

// misses reports whether a launch's instance seems not to run any more.
func (w world) misses(l Launch) bool {
	i, ok := w.seen[l.InstanceID]
	return !w.blind[l.Input.Region] && (!ok || i.ended())
}
