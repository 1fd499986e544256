// Histories of messages about requests that nobody knows, of other versions, and of
// schedules that are nobody's any more.

//go:build sim && !race

package sim

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/topology"
)

// stranger is a request that never was.
const stranger = "pp-00000000000000000000000000"

// sayings are what services may say about a stranger, and what is answered: each
// event once.
func sayings(w *world) map[string]saying {
	now := time.Now().UTC()
	torn := []string{"InstanceTerminated", "Revoked"}
	ended := []string{"Expired", "InstanceTerminated", "Reaped", "Revoked"}
	by := event.Person{Team: "T0NIMBUS", User: approvers[0]}
	return map[string]saying{
		"Armed":              {event.Reaper, event.Armed{Stop: "start", At: now.Add(time.Minute), Generation: 1}, nil},
		"Expired":            {event.Reaper, event.Expired{Cause: event.ByTime, EndedAt: now}, torn},
		"Granted":            {event.Grantor, event.Granted{Cluster: "shop", User: "a", Host: netip.MustParseAddr("127.77.0.4"), Endpoints: []event.Endpoint{{Kind: "writer", Host: "127.0.0.1", Port: 3306}}, Databases: []string{"shop"}, Privileges: []string{"SELECT ON shop.*"}, Auth: "password", GrantedAt: now, ExpiresAt: now.Add(1000 * time.Hour)}, ended},
		"Revoked":            {event.Grantor, event.Revoked{Outcome: event.Gone, SeenAt: now, How: "said so"}, nil},
		"InstanceTerminated": {event.Provisioner, event.InstanceTerminated{Outcome: event.Gone, SeenAt: now, How: "said so"}, nil},
		"Released":           {event.Approval, event.Released{By: by, Why: "done"}, ended},
		"ProvisionFailed":    {event.Provisioner, event.ProvisionFailed{Code: "late", Reason: "too late"}, ended},
		"GrantFailed":        {event.Grantor, event.GrantFailed{Code: "late", Reason: "too late"}, ended},
		"InstanceLost":       {event.Provisioner, event.InstanceLost{InstanceID: w.foreignInstance, State: "terminated", SeenAt: now}, ended},
		"Reaped":             {event.Reaper, event.Reaped{Cause: event.ByTime, EndedAt: now, ReapedAt: now, Account: event.Revoked{Outcome: event.Gone, SeenAt: now, How: "said so"}, Instance: event.InstanceTerminated{Outcome: event.Gone, SeenAt: now, How: "said so"}}, nil},
	}
}

type saying struct {
	source  event.Source
	data    event.Data
	answers []string
}

// thrice says it three times.
func thrice(typ string, answers *[]string) forgery {
	return func(ctx context.Context, w *world, _ string) error {
		s := sayings(w)[typ]
		*answers = s.answers
		for range 3 {
			if err := w.say(ctx, s.source, stranger, s.data); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestEventsOfARequestThatNobodyKnowsMakeNothingAndAreAnsweredOnce(t *testing.T) {
	for _, typ := range []string{
		"Armed", "Expired", "Granted", "Revoked", "InstanceTerminated", "Released", "ProvisionFailed", "GrantFailed", "InstanceLost", "Reaped",
	} {
		t.Run(typ, func(t *testing.T) {
			var want []string
			r := named(t, Plan{Seed: 1, Deeds: append(lease(0, time.Minute), forges(2*time.Minute, typ+" of a stranger", thrice(typ, &want)))})
			goesItsRoad(t, r)
			nothingOf(t, r, stranger)
			if got := kinds(r, stranger); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
				t.Errorf("said of the stranger was %q, want %q", got, want)
			}
			if all := parked(r.Log, ""); len(all) > 0 {
				t.Errorf("parked were %+v", all)
			}
			staysQuiet(t, r, typ)
		})
	}
}

// staysQuiet says that no sweep goes on looking after the stranger, once what was
// said of it has been answered.
func staysQuiet(t *testing.T, r Result, typ string) {
	t.Helper()
	for _, line := range of(r.Trace, " dynamodb GetItem ", stranger) {
		if typ != "Armed" && timeOf(strings.Fields(line)[1]) > 10*time.Minute {
			t.Fatalf("somebody still looks after it: %s", line)
		}
	}
}

func TestAPaperOfAnotherRequestBuildsNothingForOneThatNobodyKnows(t *testing.T) {
	var all attempts
	ready := all.all(func(w *world, request string) []event.Event {
		approved, _ := last[event.Approved](w.seen, request)
		forgedReady := w.forgedInstance(stranger)
		forgedReady.Warrant = approved.Warrant
		return []event.Event{
			forging(event.Reaper, stranger, event.Armed{Stop: "start", At: time.Now().UTC().Add(time.Minute), Generation: 1}),
			forging(event.Approval, stranger, approved), forging(event.Provisioner, stranger, forgedReady),
		}
	})
	r := named(t, Plan{Seed: 1, Deeds: append(lease(0, time.Minute), forges(4*time.Minute, "an approval and a bastion", ready))})
	goesItsRoad(t, r)
	nothingOf(t, r, stranger)
	if alarms := said(r, stranger, "Alarmed warrant-not-genuine"); len(alarms) != 3 { // of provisioner, reaper and grantor
		t.Errorf("alarms were %q", alarms)
	}
}

func TestAnEventOfAFutureVersionIsParkedWithItsReasonAndRedrivenInVain(t *testing.T) {
	said := forges(3*time.Minute, "an approval of version 99", func(ctx context.Context, w *world, request string) error {
		approved, ok := last[event.Approved](w.seen, request)
		if !ok {
			return errNotSeen
		}
		e := forging(event.Approval, request, approved) // paper and all
		e.Detail.Version = 99
		return w.publish(ctx, e)
	})
	// The reaper and the notifier wait 20 times 3 minutes for an upgrade; the
	// provisioner, which may be asked 200 times, still waits when this is over.
	again := Fault{Kind: Redrive, Where: "an operator", At: 90 * time.Minute}
	r := named(t, Plan{Seed: 1, Deeds: append(lease(0, time.Minute), said), Faults: []Fault{again}})
	goesItsRoad(t, r)
	for _, service := range []string{"reaper", "notifier"} {
		all := parked(r.Log, service)
		newer := slices.DeleteFunc(slices.Clone(all), func(p parking) bool {
			return p.Outcome != "newer" || !strings.Contains(p.Error, event.ErrNewerVersion.Error())
		})
		if len(newer) != 2 || len(all) != 2 {
			t.Errorf("%s was to park it, and once more after the redrive; parked were %+v", service, all)
		}
		if !has(r.Trace, "redrive powerpole-"+service+": done") {
			t.Errorf("nothing was redriven to %s", service)
		}
	}
}

// dues puts messages of the reaper's schedules into its queue, of each of these
// generations.
func dues(of func(request string) string, generations ...int) forgery {
	return func(ctx context.Context, w *world, request string) error {
		reaper, _ := topology.Find("reaper")
		for _, generation := range generations {
			for _, due := range []event.Data{event.StartDue{Generation: generation}, event.WarningDue{Generation: generation}, event.EndDue{Generation: generation}} {
				body, err := json.Marshal(forging(event.Reaper, of(request), due))
				if err != nil {
					return err
				}
				if err := w.deliver(ctx, reaper.Queue(), string(body)); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func itself(request string) string { return request }

func TestASchedulesMessageThatIsNobodysAnyMoreDoesNothing(t *testing.T) {
	unknown := func(string) string { return stranger }
	early := Deed{At: 5 * time.Minute, Kind: Release, Who: "U0TARO", Request: 0, Times: 1}
	for name, test := range map[string]struct {
		at    time.Duration
		says  forgery
		deeds []Deed
	}{
		"of another generation": {8 * time.Minute, dues(itself, -1, 0, 1, 3, 99), nil}, // the lease's stops are of the second
		"of nobody's request":   {8 * time.Minute, dues(unknown, 0, 1, 2), nil},
		"after the receipt":     {40 * time.Minute, dues(itself, 0, 1, 2, 3), nil},
		"after an early end":    {8 * time.Minute, dues(itself, 0, 1, 2, 3), []Deed{early}},
	} {
		t.Run(name, func(t *testing.T) {
			deeds := append(lease(0, time.Minute), test.deeds...)
			plain := named(t, Plan{Seed: 1, Deeds: append(deeds, forges(test.at, "nothing", dues(itself)))})
			r := named(t, Plan{Seed: 1, Deeds: append(deeds, forges(test.at, "messages of schedules", test.says))})
			goesItsRoad(t, r)
			if all := parked(r.Log, ""); len(all) > 0 {
				t.Errorf("parked were %+v", all)
			}
			if got, want := kinds(r), kinds(plain); !slices.Equal(got, want) {
				t.Errorf("said was %q, want as without them %q", got, want)
			}
			if test.deeds == nil {
				lasts(t, r)
			}
			for _, line := range of(r.Trace, "reaper/1 dynamodb ") {
				moment := timeOf(strings.Fields(line)[1])
				read := strings.Contains(line, " GetItem ") || strings.Contains(line, " Query ")
				if moment > test.at && moment < test.at+time.Minute && !read {
					t.Errorf("the reaper wrote: %s", line)
				}
			}
		})
	}
}
