package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"golang.org/x/sync/errgroup"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/deploy/powerpole/visitor"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/services/grantor"
	"github.com/powerpole/powerpole/services/reaper"
)

// The leases whose ends are measured. They are long enough for the end to be in
// the scheduler, whose minute begins up to two minutes before.
const (
	leaseFor   = 130 * time.Second
	alone      = 20
	aloneEvery = 1200 * time.Millisecond
	bursts     = 4
	perBurst   = 20
	burstEvery = 2500 * time.Millisecond
	mostPast   = 5 * time.Second
)

// ends measures from expires_at to the first moment at which the account cannot
// be used: its open connection is dead and a login is refused. The scheduler is
// as precise as AWS's.
func ends(ctx context.Context) (rows []row, err error) {
	err = demo.With(ctx, demo.Options{SchedulerPrecision: time.Minute}, func(ctx context.Context, d *demo.Demo) error {
		w, err := newWatch(ctx, d)
		if err != nil {
			return err
		}
		var apart, together []end
		group, ctx := errgroup.WithContext(ctx)
		group.Go(func() (err error) { apart, err = w.leases(ctx, 0, alone, 1, aloneEvery); return })
		group.Go(func() (err error) {
			if err := sleep(ctx, alone*aloneEvery); err != nil {
				return err
			}
			together, err = w.leases(ctx, alone, bursts, perBurst, burstEvery)
			return
		})
		err = group.Wait()
		rows = []row{past("alone", apart), past(fmt.Sprintf("%d approved at once", perBurst), together), past("all", slices.Concat(apart, together))}
		return err
	})
	return rows, err
}

// end is how long past expires_at a lease's account worked, and the part of that
// before the reaper said Expired.
type end struct{ unusable, said time.Duration }

func past(what string, took []end) row {
	r := row{what: "expires_at → account unusable, " + what, bound: "p99 < " + mostPast.String(), figure: "nothing"}
	if len(took) == 0 {
		return r
	}
	unusable, said := make([]time.Duration, len(took)), make([]time.Duration, len(took))
	for n, e := range took {
		unusable[n], said[n] = e.unusable, e.said
	}
	slices.Sort(unusable)
	r.figure = fmt.Sprintf("p50 %d ms, p99 %d ms, most %d ms of %d (to Expired: most %d ms)",
		percentile(unusable, 50).Milliseconds(), percentile(unusable, 99).Milliseconds(), percentile(unusable, 100).Milliseconds(),
		len(took), slices.Max(said).Milliseconds())
	r.kept = percentile(unusable, 99) < mostPast
	return r
}

// percentile is the least of the sorted figures that so many percent do not
// exceed.
func percentile(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)*percent+99)/100-1]
}

// watch follows leases from their approval to their end.
type watch struct {
	*approver
	database demo.Database
	secrets  *secretsmanager.Client
	grants   *store.Table[grantor.State]
	stops    *store.Table[reaper.State]
}

func newWatch(ctx context.Context, d *demo.Demo) (*watch, error) {
	a, err := newApprover(ctx, d)
	if err != nil {
		return nil, err
	}
	db := dynamodb.NewFromConfig(d.AWS.Config())
	grants, err1 := store.NewTable[grantor.State](db, tableOf("grantor"))
	stops, err2 := store.NewTable[reaper.State](db, tableOf("reaper"))
	return &watch{a, d.Endpoints().Database, secretsmanager.NewFromConfig(d.AWS.Config()), grants, stops}, errors.Join(err1, err2)
}

func tableOf(service string) string {
	found, _ := topology.Find(service)
	return found.TableName()
}

// leases begins so many leases at a time, so many times, and measures the end of
// each.
func (w *watch) leases(ctx context.Context, first, times, atOnce int, every time.Duration) ([]end, error) {
	took := make([]end, times*atOnce)
	group, ctx := errgroup.WithContext(ctx)
	for n := range took {
		group.Go(func() (err error) {
			if err := sleep(ctx, time.Duration(n/atOnce)*every); err != nil {
				return err
			}
			took[n], err = w.lease(ctx, first+n)
			return err
		})
	}
	return took, group.Wait()
}

// lease goes one lease's way.
func (w *watch) lease(ctx context.Context, n int) (end, error) {
	id, err := w.approve(ctx, n, leaseFor)
	if err != nil {
		return end{}, err
	}
	st, err := w.granted(ctx, id)
	if err != nil {
		return end{}, err
	}
	value, err := secret.Load(ctx, "secretsmanager:"+credential.Name(id), w.secrets)
	if err != nil {
		return end{}, err
	}
	c, err := credential.Decode(value)
	if err != nil {
		return end{}, err
	}
	conn, closeIt, err := visitor.Connect(ctx, w.database, visitor.Login{User: c.User, Password: c.Password.Reveal()}, st.Ready.PrivateIP)
	if err != nil {
		return end{}, err
	}
	defer closeIt()
	if err := w.dies(ctx, id, conn, st.ExpiresAt); err != nil {
		return end{}, err
	}
	if err := w.shut(ctx, c, st.Ready.PrivateIP); err != nil {
		return end{}, err
	}
	unusable := time.Since(st.ExpiresAt)
	r, err := w.stops.Load(ctx, id)
	if err != nil || r.State.Ended == nil {
		return end{}, errors.Join(fmt.Errorf("request %s has no end on record", id), err)
	}
	return end{unusable, r.State.Ended.EndedAt.Sub(st.ExpiresAt)}, nil
}

func (w *watch) granted(ctx context.Context, id string) (grantor.State, error) {
	for {
		r, err := w.grants.Load(ctx, id)
		if err != nil || r.State.Outcome == grantor.Granted {
			return r.State, err
		}
		if r.State.Outcome != "" {
			return r.State, fmt.Errorf("request %s is %s, want it granted", id, r.State.Outcome)
		}
		if err := sleep(ctx, 200*time.Millisecond); err != nil {
			return r.State, err
		}
	}
}

// dies uses the connection until it is dead. It must work a second before the
// end, and the end be one that the scheduler woke the reaper for.
func (w *watch) dies(ctx context.Context, id string, conn *sql.Conn, at time.Time) error {
	if err := sleep(ctx, time.Until(at.Add(-time.Second))); err != nil {
		return err
	}
	if err := conn.PingContext(ctx); err != nil {
		return fmt.Errorf("using the connection of %s a second before its end: %w", id, err)
	}
	r, err := w.stops.Load(ctx, id)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(r.State.Stops, func(s reaper.Stop) bool { return s.Kind == reaper.EndStop && s.Set }) {
		return fmt.Errorf("the end of %s is not in the scheduler: %+v", id, r.State.Stops)
	}
	for {
		var one int
		if err := conn.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
			return ctx.Err()
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// shut waits until the account can log in no more.
func (w *watch) shut(ctx context.Context, c credential.Credential, from netip.Addr) error {
	for {
		_, closeIt, err := visitor.Connect(ctx, w.database, visitor.Login{User: c.User, Password: c.Password.Reveal()}, from)
		if refused(err) {
			return nil
		}
		if err == nil {
			closeIt()
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

// refused reports whether a server refused a login: the account is gone
// (ER_ACCESS_DENIED_ERROR) or locked (ER_ACCOUNT_HAS_BEEN_LOCKED).
func refused(err error) bool { return slices.Contains([]uint16{1045, 3118}, visitor.Number(err)) }
