package grantor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// finders is how many accounts are looked up in the ledger at once.
const finders = 16

// lookForForeign reports the accounts of a cluster that bear our mark or work
// from a bastion's address and are in no record. It never touches one.
func (s *Service) lookForForeign(ctx context.Context, cluster catalog.Cluster) error {
	bastions, err := s.bastions(ctx, cluster.Region)
	if err != nil {
		return err
	}
	suspects, err := s.unknown(ctx, cluster, bastions)
	if err != nil || len(suspects) == 0 {
		return err
	}
	// One that was dropped between the two looks was ours.
	still, err := s.unknown(ctx, cluster, bastions)
	if err != nil {
		return err
	}
	for _, a := range suspects {
		if slices.Contains(still, a) {
			if err := s.reportForeign(ctx, cluster.ID, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) unknown(ctx context.Context, cluster catalog.Cluster, bastions map[string]bool) ([]mysqlacct.Found, error) {
	var found []mysqlacct.Found
	err := s.session(cluster, cluster.Engine.Writer, forGrants).use(ctx, func(server *mysqlacct.Server) (err error) {
		found, err = server.Accounts(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(a mysqlacct.Found) bool { return !a.Marked && !bastions[a.Host] })
	known := make([]bool, len(found))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(finders)
	for n, a := range found {
		group.Go(func() error {
			holder, err := s.Machine.Table().Find(ctx, store.Pointer{Kind: "account", Value: cluster.ID + "/" + a.User})
			known[n] = holder != ""
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var out []mysqlacct.Found
	for n, a := range found {
		if !known[n] {
			out = append(out, a)
		}
	}
	return out, nil
}

// reportForeign says it once a day, however often it is seen.
func (s *Service) reportForeign(ctx context.Context, cluster string, a mysqlacct.Found) error {
	day := s.Clock.Now().Format(time.DateOnly)
	e, err := event.New(event.About{
		Source: event.Grantor, Discriminator: fmt.Sprintf("foreign-account/%s/%s@%s/%s", cluster, a.User, a.Host, day),
	}, event.Alarmed{
		Alarm: "foreign-account", Text: fmt.Sprintf("The account %.40q@%.60q on %s is in no record of PowerPole's.", a.User, a.Host, cluster),
	})
	if err != nil {
		return err
	}
	if e.Detail.OccurredAt, err = time.Parse(time.DateOnly, day); err != nil {
		return err
	}
	return s.Bus.Publish(ctx, e)
}

// bastions are the addresses of all of this installation's instances that bear a
// request's tag.
func (s *Service) bastions(ctx context.Context, region string) (map[string]bool, error) {
	addresses := map[string]bool{}
	pages := ec2.NewDescribeInstancesPaginator(s.EC2, &ec2.DescribeInstancesInput{
		MaxResults: aws.Int32(200), // EC2 says kilobytes of each
		Filters: []types.Filter{
			{Name: aws.String("tag-key"), Values: []string{requestTag}},
			{Name: aws.String("tag:" + installationTag), Values: []string{s.Catalog.Installation()}},
		},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx, func(o *ec2.Options) { o.Region = region })
		if err != nil {
			return nil, fmt.Errorf("listing bastions of %s: %w", region, err)
		}
		for _, r := range page.Reservations {
			for _, i := range r.Instances {
				if address := aws.ToString(i.PrivateIpAddress); address != "" {
					addresses[address] = true
				}
			}
		}
	}
	return addresses, nil
}
