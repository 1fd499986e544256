package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

const (
	leases      = 200
	grantBound  = 1.25
	revokeBound = 1.5
	// liveAfter is when nobody may be connected any more.
	liveAfter = 5 * time.Second
)

// onServers measures the grantor on a MariaDB, and on the MySQL in the root that
// POWERPOLE_TEST_MYSQL_ROOT names, where it does.
func onServers(ctx context.Context) ([]row, error) {
	rows, err := onServer(ctx, "MariaDB", accttest.MariaDB)
	root := os.Getenv("POWERPOLE_TEST_MYSQL_ROOT")
	if root == "" {
		return rows, err
	}
	more, onMySQL := onServer(ctx, "MySQL", func() (*accttest.Server, func(), error) { return accttest.MySQL(root) })
	return append(rows, more...), errors.Join(err, onMySQL)
}

// onServer measures the grantor with its queue on a server of its own, beside the
// same statements sent bare over one connection to that server.
func onServer(ctx context.Context, name string, start func() (*accttest.Server, func(), error)) (rows []row, err error) {
	r, err := newGrantorRig(ctx, start)
	if err != nil {
		return nil, err
	}
	r.server = name
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
			if r.first, err = r.credential(ctx, l); err != nil {
				return nil, row{}, err
			}
			all = append(all, l)
			continue
		}
		alone, _, err := r.bare(ctx, statements, i, 0)
		if err != nil {
			return nil, row{}, err
		}
		all, whole, ours, bare = append(all, l), append(whole, took), append(ours, took-inCalls), append(bare, alone)
	}
	p50, bare50 := median(ours), median(bare)
	return all, row{
		what:   "a grant on " + r.server + ", from Armed to Granted published, without its calls to AWS",
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
	r.warmed = l
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

func median(all []time.Duration) time.Duration { return slices.Sorted(slices.Values(all))[len(all)/2] }

func scaled(d time.Duration, by float64) time.Duration { return time.Duration(float64(d) * by) }

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }
