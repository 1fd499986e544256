package grantor

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// see proves an account's end on every instance, on all at once.
func (s *Service) see(ctx context.Context, cluster catalog.Cluster, e *ending) ([]event.InstanceLook, error) {
	looks, errs := make([]event.InstanceLook, len(e.instances)), make([]error, len(e.instances))
	var all sync.WaitGroup
	for n, i := range e.instances {
		all.Go(func() {
			p := &mysqlacct.Proof{Account: e.Account, Parked: e.Ending.Parked, Ended: e.Ending, While: ctx.Err}
			if errs[n] = s.looksAt(cluster, i).do(ctx, p); errs[n] == nil {
				looks[n] = seen(p)
			}
		})
	}
	all.Wait()
	return looks, errors.Join(errs...)
}

func seen(p *mysqlacct.Proof) event.InstanceLook {
	look, _ := p.Seen()
	account := "gone"
	if !look.Gone {
		account = "locked"
	}
	return event.InstanceLook{
		Instance: look.Instance, Account: account, Killed: look.Killed, Sessions: look.Sessions,
		Rollbacks: look.Rollbacks, SeenAt: look.SeenAt,
	}
}

// lookAt looks once at an instance for all who wait for a look at it.
func (s *Service) lookAt(ctx context.Context, cluster catalog.Cluster, i instance, round []*asked[*mysqlacct.Proof]) {
	var proofs []*mysqlacct.Proof
	for _, a := range round {
		proofs = append(proofs, a.job)
	}
	err := s.session(cluster, i.endpoint, forEnds).use(ctx, func(server *mysqlacct.Server) error {
		if err := i.is(server); err != nil {
			return err
		}
		return server.Look(ctx, proofs...)
	})
	next := time.Now().Add(mysqlacct.LookApart)
	for _, a := range round {
		_, proven := a.job.Seen()
		if err := errors.Join(err, a.job.Err); err != nil || proven {
			a.done(err)
			continue
		}
		a.again(next, a.job.Missing())
	}
}
