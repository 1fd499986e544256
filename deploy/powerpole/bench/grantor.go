package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

const (
	leases      = 200
	grantBound  = 1.25
	revokeBound = 1.5
	// liveAfter is when nobody may be connected any more.
	liveAfter = 5 * time.Second
)

// grantorOnMariaDB measures the grantor with its queue on a MariaDB of its own,
// beside the same statements sent bare over one connection to the same server.
func grantorOnMariaDB(ctx context.Context) (rows []row, err error) {
	r, err := newGrantorRig(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	all, granted, err := r.grants(ctx)
	if err != nil {
		return nil, err
	}
	ended, err := r.endsAtOnce(ctx, all)
	if err != nil {
		return nil, err
	}
	return append([]row{granted}, ended...), nil
}

// grants makes leases one after the other, each beside a bare one.
func (r *grantorRig) grants(ctx context.Context) (all []*benchLease, _ row, err error) {
	var whole, ours, bare []time.Duration
	var statements []string
	if err := r.warm(ctx); err != nil {
		return nil, row{}, err
	}
	for i := range leases + 1 {
		runtime.GC() // of the embedded AWS, so that it falls into neither
		l, err := r.launch(ctx, i)
		if err != nil {
			return nil, row{}, err
		}
		logged := r.logged()
		took, inCalls, err := r.grant(ctx, l)
		if err != nil {
			return nil, row{}, err
		}
		if i == 0 { // what it says to the server
			if statements, err = r.statements(logged); err != nil {
				return nil, row{}, err
			}
			all = append(all, l)
			continue
		}
		alone, err := r.bare(ctx, statements, i)
		if err != nil {
			return nil, row{}, err
		}
		all, whole, ours, bare = append(all, l), append(whole, took), append(ours, took-inCalls), append(bare, alone)
	}
	p50, bare50 := median(ours), median(bare)
	return all, row{
		what:   "a grant on MariaDB, from Armed to Granted published, without its calls to AWS",
		figure: fmt.Sprintf("p50 %s (with them %s); its %d statements bare: p50 %s", ms(p50), ms(median(whole)), len(statements), ms(bare50)),
		bound:  fmt.Sprintf("%.2f × = %s", grantBound, ms(scaled(bare50, grantBound))), kept: p50 <= scaled(bare50, grantBound),
	}, nil
}

// warm makes a lease that is not measured: the first of them meets a server that
// the grantor does not know yet.
func (r *grantorRig) warm(ctx context.Context) error {
	l, err := r.launch(ctx, leases+1)
	if err != nil {
		return err
	}
	_, _, err = r.grant(ctx, l)
	return err
}

// grant makes one, and says how long that took and how much of it AWS. Where the
// grantor's own sweep was there first, it is waited for.
func (r *grantorRig) grant(ctx context.Context, l *benchLease) (took, inCalls time.Duration, err error) {
	for {
		timed, calls := timing(ctx)
		begun := time.Now()
		err := r.service.OnArmed(timed, l.armed())
		if _, later := bus.IsLater(err); !later {
			return time.Since(begun), calls.total(), err
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return 0, 0, err
		}
	}
}

// endsAtOnce ends all leases but the first at the same moment, each with a
// connection that is busy; the first ends before them, alone, to be heard.
func (r *grantorRig) endsAtOnce(ctx context.Context, all []*benchLease) ([]row, error) {
	logged := r.logged()
	if err := r.service.OnExpired(ctx, all[0].expired()); err != nil {
		return nil, err
	}
	statements, err := r.statements(logged)
	if err != nil {
		return nil, err
	}
	statements = slices.DeleteFunc(statements, func(q string) bool { return strings.HasPrefix(q, "DROP USER") })
	var same, drops time.Duration
	for i := 1; i <= leases; i++ {
		looks, err := r.bare(ctx, statements, i)
		if err != nil {
			return nil, err
		}
		drop, err := r.bare(ctx, []string{"DROP USER '" + name(0) + "'@'" + all[0].address.String() + "'"}, i)
		if err != nil {
			return nil, err
		}
		same, drops = same+looks+drop, drops+drop
	}
	connected, err := r.connect(ctx, all[1:])
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	took, err := r.end(ctx, all[1:])
	if err != nil {
		return nil, err
	}
	if err := sleep(ctx, time.Until(begun.Add(liveAfter))); err != nil {
		return nil, err
	}
	live, err := r.live(ctx)
	if err != nil {
		return nil, err
	}
	return []row{
		{
			what:   fmt.Sprintf("%d leases ending at once on MariaDB, all Revoked", leases),
			figure: fmt.Sprintf("%s, of which 1 s lies between the two looks of every proof; their DROP USER bare: %s", ms(took), ms(drops)),
			bound:  fmt.Sprintf("%.1f × = %s", revokeBound, ms(scaled(drops, revokeBound))), kept: took <= scaled(drops, revokeBound),
		},
		{
			what:   "the same, beside all statements of an end (without that second)",
			figure: fmt.Sprintf("%s; bare: %s", ms(took), ms(same)),
			bound:  fmt.Sprintf("%.1f × = %s", revokeBound, ms(scaled(same, revokeBound))), kept: took <= scaled(same, revokeBound),
		},
		{
			what:   fmt.Sprintf("connections that live %s after the end", liveAfter),
			figure: fmt.Sprintf("%d of %d", live, connected), bound: "0", kept: live == 0 && connected >= leases,
		},
	}, nil
}

// end publishes Expired for all and waits for every Revoked.
func (r *grantorRig) end(ctx context.Context, all []*benchLease) (time.Duration, error) {
	within, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	begun := time.Now()
	var events []event.Event
	for _, l := range all {
		e, err := event.New(event.About{Source: event.Reaper, RequestID: l.id}, l.expired().Data)
		if err != nil {
			return 0, err
		}
		events = append(events, e)
	}
	if err := r.reaper.Publish(ctx, events...); err != nil {
		return 0, err
	}
	for range all {
		select {
		case <-r.revoked:
		case <-within.Done():
			return 0, fmt.Errorf("waiting for %d leases to be revoked: %w", len(all), within.Err())
		}
	}
	return time.Since(begun), nil
}

func median(all []time.Duration) time.Duration { return slices.Sorted(slices.Values(all))[len(all)/2] }

func scaled(d time.Duration, by float64) time.Duration { return time.Duration(float64(d) * by) }

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }
