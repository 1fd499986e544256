package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// endsAtOnce ends all leases but the first at the same moment, each with a
// connection; the first ends before them, alone, to be heard.
func (r *grantorRig) endsAtOnce(ctx context.Context, all []*benchLease) ([]row, error) {
	bare, drops, err := r.bareEnds(ctx, all[0])
	if err != nil {
		return nil, err
	}
	connected, err := r.connect(ctx, all[1:])
	if err != nil {
		return nil, err
	}
	runtime.GC() // of the embedded AWS, so that it falls into neither
	begun := time.Now()
	took, err := r.end(ctx, all[1:])
	if err != nil {
		return nil, err
	}
	if err := sleep(ctx, time.Until(begun.Add(liveAfter))); err != nil {
		return nil, err
	}
	_, live, err := r.left(ctx)
	if err != nil {
		return nil, err
	}
	gone := max(took.accounts, took.connections)
	return []row{
		{
			what:   fmt.Sprintf("%d leases ending at once on %s, until the last account and the last connection are gone", leases, r.server),
			figure: fmt.Sprintf("%s; their DROP USER bare: %s", ms(gone), ms(drops)),
			bound:  fmt.Sprintf("%.1f × = %s", revokeBound, ms(scaled(drops, revokeBound))), kept: gone <= scaled(drops, revokeBound),
		},
		{
			what: "the same, until that is proven and the last Revoked said",
			figure: fmt.Sprintf("%s, of which %s lies between the two looks of every proof; all statements of their ends bare: %s",
				ms(took.revoked), mysqlacct.LookApart, ms(bare)),
			bound: fmt.Sprintf("%.1f × = %s", revokeBound, ms(scaled(bare, revokeBound))), kept: took.revoked <= scaled(bare, revokeBound),
		},
		{
			what:   "the last Revoked, beside their DROP USER alone",
			figure: fmt.Sprintf("%s; bare: %s", ms(took.revoked), ms(drops)),
			bound:  fmt.Sprintf("%.1f × = %s", revokeBound, ms(scaled(drops, revokeBound))), kept: took.revoked <= scaled(drops, revokeBound),
		},
		{
			what:   fmt.Sprintf("connections that live %s after the end on %s", liveAfter, r.server),
			figure: fmt.Sprintf("%d of %d", live, connected), bound: "0", kept: live == 0 && connected >= leases,
		},
	}, nil
}

// bareEnds ends the first lease, which has a connection, and then sends the same
// statements bare for as many accounts as there are leases, each of which has one
// too. It returns what all of that took, and of that DROP USER.
func (r *grantorRig) bareEnds(ctx context.Context, first *benchLease) (all, drops time.Duration, err error) {
	if _, err := r.login(ctx, r.first, first.address); err != nil {
		return 0, 0, err
	}
	if err := r.service.OnExpired(ctx, r.warmed.expired()); err != nil { // it opens the connection for ends
		return 0, 0, err
	}
	logged := r.logged()
	if err := r.service.OnExpired(ctx, first.expired()); err != nil {
		return 0, 0, err
	}
	statements, err := r.statements(logged)
	if err != nil {
		return 0, 0, err
	}
	for i := 1; i <= leases; i++ {
		as := r.first
		as.User = bareName(i)
		connection, err := r.login(ctx, as, first.address)
		if err != nil {
			return 0, 0, err
		}
		whole, drop, err := r.bare(ctx, statements, i, connection)
		if err != nil {
			return 0, 0, err
		}
		all, drops = all+whole, drops+drop
	}
	return all, drops, nil
}

// ended is how long after Expired the last account was gone, the last connection,
// and the last Revoked was said.
type ended struct{ accounts, connections, revoked time.Duration }

// end publishes Expired for all, and waits for every Revoked.
func (r *grantorRig) end(ctx context.Context, all []*benchLease) (took ended, err error) {
	var events []event.Event
	for _, l := range all {
		e, err := event.New(event.About{Source: event.Reaper, RequestID: l.id}, l.expired().Data)
		if err != nil {
			return ended{}, err
		}
		events = append(events, e)
	}
	within, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	group, within := errgroup.WithContext(within)
	begun := time.Now()
	group.Go(func() (err error) {
		took.accounts, took.connections, err = r.watch(within, begun)
		return err
	})
	group.Go(func() error { return r.reaper.Publish(within, events...) })
	group.Go(func() error {
		err := r.allRevoked(within, all)
		took.revoked = time.Since(begun)
		return err
	})
	return took, group.Wait()
}

// allRevoked waits for every Revoked.
func (r *grantorRig) allRevoked(ctx context.Context, all []*benchLease) error {
	missing := map[string]bool{}
	for _, l := range all {
		missing[l.id] = true
	}
	for len(missing) > 0 {
		select {
		case id := <-r.revoked:
			delete(missing, id)
		case <-ctx.Done():
			return fmt.Errorf("waiting for %d leases to be revoked: %w", len(missing), ctx.Err())
		}
	}
	return nil
}

// watchEvery is how far apart two looks of watch are.
const watchEvery = 20 * time.Millisecond

// watch looks at the server until no account and no connection of a lease is left.
func (r *grantorRig) watch(ctx context.Context, begun time.Time) (accountsGone, connectionsGone time.Duration, err error) {
	for accountsGone == 0 || connectionsGone == 0 {
		accounts, connections, err := r.left(ctx)
		if err != nil {
			return 0, 0, err
		}
		if now := time.Since(begun); accounts == 0 && accountsGone == 0 {
			accountsGone = now
		}
		if now := time.Since(begun); connections == 0 && connectionsGone == 0 {
			connectionsGone = now
		}
		if err := sleep(ctx, watchEvery); err != nil {
			return 0, 0, err
		}
	}
	return accountsGone, connectionsGone, nil
}
