// Histories of papers that are not an event's own: threat 19.

//go:build sim && !race

package sim

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// attempts are what was forged in a history.
type attempts []event.Event

// all is the forgery of whatever make makes.
func (a *attempts) all(make func(w *world, request string) []event.Event) forgery {
	return func(ctx context.Context, w *world, request string) error {
		for _, e := range make(w, request) {
			*a = append(*a, e)
			if err := w.publish(ctx, e); err != nil {
				return err
			}
		}
		return nil
	}
}

// forging is an event that is forged: as every one can be said in a test.
func forging(source event.Source, request string, data event.Data) event.Event {
	e, err := forged(source, request, data)
	if err != nil {
		panic(err)
	}
	return e
}

// wrong are papers that are not the event's own, made of one of another request.
func wrong(paper, from, to string) []string {
	return []string{"", altered(paper, from, to), paper}
}

// lengths are those that somebody may forge.
var lengths = []time.Duration{time.Hour, 0, -15 * time.Minute}

// forgedAsks are requests with a slip that is not theirs: somebody's own request
// for another length, and requests that nobody made.
func forgedAsks(w *world, request string) (out []event.Event) {
	own, _ := last[event.RequestCreated](w.seen, request)
	strangers := []event.RequestCreated{own}
	for _, length := range lengths {
		other := own
		other.Duration = event.Duration(length)
		strangers = append(strangers, other)
		out = append(out, forging(event.Intake, request, other)) // with the digest that the slip bears
		other.Digest, _ = warrant.Digest(other.Ask)
		out = append(out, forging(event.Intake, request, other)) // with its own
	}
	for _, said := range strangers {
		for _, slip := range wrong(own.Slip, request, stranger) {
			said.Slip = slip
			out = append(out, forging(event.Intake, stranger, said))
		}
	}
	return out
}

// forgedExtensions are more time for somebody's lease, with the paper of
// another's extension or with that of its own beginning, and for a request that
// nobody knows.
func forgedExtensions(w *world, request string) (out []event.Event) {
	emmas := w.seen.request(reason(1))
	other, _ := last[event.Extended](w.seen, emmas)
	own, _ := last[event.Approved](w.seen, request)
	taro := event.Person{Team: "T0NIMBUS", User: "U0TARO"}
	for _, to := range []string{request, stranger} {
		for _, length := range lengths {
			for _, paper := range append(wrong(other.Warrant, emmas, to), own.Warrant) {
				out = append(out, forging(event.Approval, to, event.Extended{By: taro, Total: event.Duration(length), Warrant: paper}))
			}
		}
	}
	return out
}

// malformed says that no service reads it: its length is nothing, or its paper is
// missing.
func malformed(e event.Event) bool {
	var said struct {
		Duration, Total event.Duration
		Slip, Warrant   string
	}
	return json.Unmarshal(e.Detail.Data, &said) != nil || said.Duration+said.Total <= 0 || said.Slip+said.Warrant == ""
}

// mustBeRefused says that everybody who is to hear of it parked it once: what cannot be
// read as such, and whatever else with an alarm.
func mustBeRefused(t *testing.T, r Result, all attempts, alarm string) {
	t.Helper()
	alarms := 0
	for _, e := range all {
		outcome := "terminal"
		if malformed(e) {
			outcome = "malformed"
		}
		for _, s := range topology.Services() {
			if !consumes(s, passed{Event: e}) {
				continue
			}
			n := len(slices.DeleteFunc(parked(r.Log, s.Name), func(p parking) bool { return p.ID != e.Detail.ID || p.Outcome != outcome }))
			if n != 1 {
				t.Errorf("%s was to park %s once as %s, and did so %d times: %s", s.Name, e.Type, outcome, n, e.Detail.Data)
			}
			if outcome == "terminal" {
				alarms++
			}
		}
	}
	if n := len(said(r, "Alarmed "+alarm)); n != alarms || n == 0 {
		t.Errorf("%d alarms %s, want %d", n, alarm, alarms)
	}
}

// nothingOf says that nothing was made in a request's name.
func nothingOf(t *testing.T, r Result, request string) {
	t.Helper()
	if made := of(r.Told, " + ", request); len(made) > 0 {
		t.Errorf("somebody made %q", made)
	}
}

func TestARequestWithoutItsOwnSlipIsParkedAndNothingComesOfIt(t *testing.T) {
	for name, f := range map[string]struct {
		faults []Fault
		at     time.Duration
	}{
		"after the request":  {at: 7 * time.Minute},
		"before the request": {[]Fault{{Kind: Delay, Where: "notifier", What: "RequestCreated", By: 5 * time.Minute}}, 90 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			var all attempts
			r := named(t, Plan{Seed: 1, Deeds: append(lease(0, time.Minute), forges(f.at, "requests", all.all(forgedAsks))), Faults: f.faults})
			goesItsRoad(t, r)
			mustBeRefused(t, r, all, "slip-not-genuine")
			nothingOf(t, r, stranger)
			if others := slices.DeleteFunc(of(r.Told, stranger), func(line string) bool { return strings.Contains(line, "Alarmed") }); len(others) > 0 {
				t.Errorf("somebody said %q", others)
			}
		})
	}
}

func TestAnExtensionWithoutItsOwnWarrantIsParkedAndMovesNothing(t *testing.T) {
	var all attempts
	deeds := slices.Concat(lease(0, time.Minute), leaseOf("U0EMMA", 1, 90*time.Second), []Deed{
		{At: 6 * time.Minute, Kind: Extend, Who: "U0EMMA", Request: 1, Length: "15m", Times: 1},
		forges(8*time.Minute, "extensions", all.all(forgedExtensions)),
	})
	r := named(t, Plan{Seed: 1, Deeds: deeds})
	mustBeRefused(t, r, all, "warrant-not-genuine")
	nothingOf(t, r, stranger)
	taros := strings.Fields(of(r.Told, "RequestCreated")[0])[1]
	if armed := said(r, taros, "Armed"); len(armed) != 2 {
		t.Errorf("its start and its end were to be armed: %q", armed)
	}
	lasts(t, r, taros)
	if len(said(r, "Extended")) != 1 || len(said(r, "Reaped")) != 2 {
		t.Errorf("not what happened otherwise:\n%s", strings.Join(r.Told, "\n"))
	}
}
