package demo

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/services/approval"
	"github.com/powerpole/powerpole/services/grantor"
	"github.com/powerpole/powerpole/services/intake"
	"github.com/powerpole/powerpole/services/notifier"
	"github.com/powerpole/powerpole/services/provisioner"
	"github.com/powerpole/powerpole/services/reaper"
)

// Specs are the six services.
func Specs() []service.Spec {
	return []service.Spec{
		intake.Spec(), approval.Spec(), provisioner.Spec(), grantor.Spec(), notifier.Spec(), reaper.Spec(),
	}
}

// runServices starts the six services in this process; they reach AWS without a
// socket. ready is called when all of them are about to work and intake answers.
func (d *Demo) runServices(ctx context.Context, group *errgroup.Group, ready func()) {
	d.giveUp("intake")
	cfg := d.AWS.Config()
	var left atomic.Int32
	left.Store(int32(len(Specs())))
	for _, spec := range Specs() {
		group.Go(func() error {
			return service.Run(ctx, spec, service.Options{
				Environ: d.endpoints.Environment[spec.Name], AWS: &cfg, Log: d.opts.Log.With("service", spec.Name),
				Ready: func(s service.Service) {
					group.Go(func() error {
						if door, ok := s.(*intake.Service); ok {
							if _, err := door.Addr(ctx); err != nil {
								return nil // it was told to stop before it listened
							}
						}
						if left.Add(-1) == 0 {
							ready()
						}
						return nil
					})
				},
			})
		})
	}
}
