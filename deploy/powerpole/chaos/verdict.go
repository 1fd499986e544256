package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// finding is something that did not hold.
type finding struct{ request, what string }

// verdict is what a run came to.
type verdict struct {
	findings []finding
	// byTime is how long past expires_at accounts stayed usable; early the same
	// for those that a person, a failure or a loss ended before.
	byTime, early []time.Duration
	ends          map[string]int
	requests      int
	kills, cuts   int64
	starts        int64 // that failed
	settled       time.Duration
	passwords     []string
}

// within is invariant S3's for a schedule, an event or a service that fails: the
// bound of a crash and two sweeps.
func within(sweepEvery time.Duration) time.Duration { return 90*time.Second + 2*sweepEvery }

// judge looks at each request and each client.
func (v *verdict) judge(stories []story, accepted map[string]bool, probes []probe, bound time.Duration) {
	v.ends = map[string]int{}
	byID := map[string]story{}
	for _, s := range stories {
		byID[s.id] = s
		v.requests++
		delete(accepted, s.ask.Reason)
		v.oneEnd(s)
	}
	for reason := range accepted {
		v.find("", "the form of %q was taken, and no RequestCreated came", reason)
	}
	for _, p := range probes {
		v.passwords = append(v.passwords, p.password)
		v.client(byID[p.request], p, bound)
	}
}

func (v *verdict) find(request, format string, args ...any) {
	v.findings = append(v.findings, finding{request, fmt.Sprintf(format, args...)})
}

// oneEnd is invariant S4.
func (v *verdict) oneEnd(s story) {
	var came []string
	for _, e := range s.events {
		if slices.Contains(ends(), e.Type) {
			came = append(came, e.Type)
		}
	}
	if len(came) == 1 {
		v.ends[how(s, came[0])]++
		return
	}
	var heard []string
	for _, e := range s.events {
		heard = append(heard, e.Type)
	}
	v.find(s.id, "it has %d ends %v; heard were %s", len(came), came, strings.Join(heard, ", "))
}

// how is the end as the summary names it, a receipt with its cause.
func how(s story, end string) string {
	if r, ok := decoded[event.Reaped](s); ok {
		return "reaped (" + string(r.Cause) + ")"
	}
	return strings.ToLower(end)
}

// client is what a client met against what the bus says: it must not lose its
// access before the end, nor keep it after.
func (v *verdict) client(s story, p probe, bound time.Duration) {
	expired, ok := decoded[event.Expired](s)
	end := expired.EndedAt
	if g, granted := decoded[event.Granted](s); granted && expired.Cause == event.ByTime && !s.said("Extended") {
		end = g.ExpiresAt
	}
	switch {
	case p.refused.IsZero():
		v.find(s.id, "the account %s can still log in", p.user)
	case !ok:
		v.find(s.id, "the account %s stopped working though its lease has no end", p.user)
	case p.refused.Before(end), !p.died.IsZero() && p.died.Before(end):
		v.find(s.id, "the account %s stopped working %s before its end", p.user, end.Sub(p.refused).Round(time.Millisecond))
	case p.connected.IsZero(): // the message came when the lease was over
	default:
		late := p.refused.Sub(end)
		if expired.Cause == event.ByTime {
			v.byTime = append(v.byTime, late)
		} else {
			v.early = append(v.early, late)
		}
		if late > bound {
			v.find(s.id, "the account %s was usable for %s past its end; the bound is %s", p.user, late.Round(time.Millisecond), bound)
		}
	}
}

func (v *verdict) write(w io.Writer) {
	fmt.Fprintf(w, "%d requests, %d kill -9, %d links broken, %d starts given up for that; settled %s after the last fault\n",
		v.requests, v.kills, v.cuts, v.starts, v.settled.Round(time.Second))
	for _, end := range slices.Sorted(maps.Keys(v.ends)) {
		fmt.Fprintf(w, "  %5d %s\n", v.ends[end], end)
	}
	fmt.Fprintln(w, "past expires_at until the account is unusable:")
	histogram(w, v.byTime)
	fmt.Fprintln(w, "past an earlier end until the account is unusable:")
	histogram(w, v.early)
	for _, f := range v.findings {
		fmt.Fprintf(w, "NOT KEPT %s %s\n", f.request, f.what)
	}
}

func (v *verdict) summary() string {
	return fmt.Sprintf("%d requests, each with its one end, and nothing left", v.requests)
}
