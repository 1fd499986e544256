package reaper_test

import (
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/reaper"
)

const installation = "reaper-test"

const testCatalog = `
installation: reaper-test
email_domains: [example.com]
slack: {operators_channel: C0OPERATORS, approvers_channel: C0APPROVALS}
limits: {provisioning: 10m}
roles: {DML: {max_duration: 4h, drain: 30s}}
clusters:
  - id: shop-prod
    region: ap-northeast-1
    account: "123456789012"
    engine: {writer: "shop.example.com:3306", admin_secret: "file:/nowhere"}
    databases: [shop]
    roles: [READ, DML]
    approvers: [U0HANAKO]
    bastion: {launch_template: powerpole-bastion, capacity: [{instance_type: t4g.nano, subnet: subnet-0aaaaaaaaaaaaaaaa}]}
`

// world is a reaper with a table, and one request.
type world struct {
	*reaper.Service
	t      testing.TB
	id     string
	bus    *servicetest.Outbox
	log    journal
	clock  *clock
	table  *store.Table[reaper.State]
	signer *warrant.Signer
}

// inBubble runs a test in virtual time.
func inBubble(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(t, newWorld(t)) })
}

func newWorld(t testing.TB) *world {
	t.Helper()
	stack, err := aws.New(t.Context(), aws.Options{})
	must(t, err)
	t.Cleanup(stack.Close)
	db := dynamodb.NewFromConfig(stack.Config())
	_, err = db.CreateTable(t.Context(), store.Schema("reaper"))
	must(t, err)
	w := &world{t: t, id: event.NewRequestID(), bus: &servicetest.Outbox{}, clock: &clock{timers: map[string]*time.Timer{}, born: map[string]time.Time{}}}
	w.clock.fire = w.due
	w.table, err = store.NewTable[reaper.State](db, "reaper")
	must(t, err)
	sweep, err := store.NewSweep(db, "reaper", new(bus.Quiet), slog.New(slog.DiscardHandler))
	must(t, err)
	machine, err := store.NewMachine(event.Reaper, w.table, w.bus)
	must(t, err)
	key, err := warrant.GenerateKey(warrant.KindWarrant, "test")
	must(t, err)
	w.signer, err = warrant.NewSigner(key, installation)
	must(t, err)
	verifier, err := warrant.NewVerifier(key.Public(), installation)
	must(t, err)
	cat, _, err := catalog.Parse("powerpole.yaml", []byte(testCatalog))
	must(t, err)
	w.Service, err = reaper.New(reaper.Deps{
		Machine: machine, Sweep: sweep, Scheduler: w.clock, Group: w.clock, Verifier: verifier, Catalog: cat, Bus: w.bus, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	})
	must(t, err)
	return w
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// due delivers a message of the scheduler as the bus does.
func (w *world) due(e event.Event) {
	registry, err := event.All()
	if err != nil {
		w.t.Error(err)
		return
	}
	data, err := registry.Decode(e)
	if err != nil {
		w.t.Error(err)
		return
	}
	switch d := data.(type) {
	case event.StartDue:
		w.deliver(func() error {
			return w.OnStartDue(w.t.Context(), event.Typed[event.StartDue]{Header: e.Detail.Header, Data: d})
		})
	case event.WarningDue:
		w.deliver(func() error {
			return w.OnWarningDue(w.t.Context(), event.Typed[event.WarningDue]{Header: e.Detail.Header, Data: d})
		})
	case event.EndDue:
		w.deliver(func() error {
			return w.OnEndDue(w.t.Context(), event.Typed[event.EndDue]{Header: e.Detail.Header, Data: d})
		})
	}
}

// deliver hands a message over until it is acknowledged, as the bus does, and
// at most as often as the queue allows.
func (w *world) deliver(handle func() error) {
	w.t.Helper()
	for n := range 20 {
		err := handle()
		d, later := bus.IsLater(err)
		switch {
		case err == nil:
			return
		case bus.IsTerminal(err):
			w.t.Errorf("parked: %v", err)
			return
		case later && d > 2*time.Minute:
			w.t.Errorf("waits %s by Later: %v", d, err)
		case !later:
			d = min(time.Second<<min(n, 9), 5*time.Minute)
		}
		select {
		case <-time.After(d):
		case <-w.t.Context().Done():
			return
		}
	}
	w.t.Error("received too often")
}

func typed[T event.Data](w *world, data T) event.Typed[T] {
	return event.Typed[T]{
		Header: event.Header{ID: event.ID("test", data.EventType(), w.id, ""), RequestID: w.id, Version: 1, OccurredAt: time.Now()},
		Data:   data,
	}
}

// approved is an Approved with a genuine warrant for a lease of that length,
// with 10 minutes to build and a ceiling of 4 hours.
func (w *world) approved(length time.Duration) event.Typed[event.Approved] {
	w.t.Helper()
	terms := w.warrant(warrant.PurposeGrant, length)
	token, err := w.signer.Warrant(terms)
	must(w.t, err)
	return typed(w, event.Approved{Warrant: token, StartBy: terms.StartBy, EndBy: terms.EndBy})
}

func (w *world) warrant(purpose warrant.Purpose, length time.Duration) warrant.Warrant {
	now := time.Now().UTC()
	return warrant.Warrant{
		RequestID: w.id, Purpose: purpose, Owner: warrant.Person{Team: "T1", User: "U0TARO", Email: "taro@example.com"},
		Cluster: "shop-prod", Databases: []string{"shop"}, Role: "DML", Privileges: []string{"SELECT"}, Duration: length,
		Approvers:  []warrant.Person{{Team: "T1", User: "U0HANAKO", Email: "hanako@example.com"}},
		PolicyHash: "sha256:1", StartBy: now.Add(10 * time.Minute), EndBy: now.Add(10*time.Minute + 4*time.Hour), IssuedAt: now,
	}
}

func (w *world) extended(total time.Duration) event.Typed[event.Extended] {
	w.t.Helper()
	token, err := w.signer.Warrant(w.warrant(warrant.PurposeExtend, total))
	must(w.t, err)
	return typed(w, event.Extended{Total: event.Duration(total), Warrant: token})
}

func (w *world) granted(length time.Duration) event.Typed[event.Granted] {
	now := time.Now().UTC()
	return typed(w, event.Granted{
		Cluster: "shop-prod", User: "taro", Host: netip.MustParseAddr("127.77.0.4"), Auth: "password",
		GrantedAt: now, ExpiresAt: now.Add(length),
	})
}

func (w *world) revoked() event.Typed[event.Revoked] {
	return typed(w, event.Revoked{Outcome: event.Gone, User: "taro", SeenAt: time.Now(), How: "read back"})
}

func (w *world) terminated() event.Typed[event.InstanceTerminated] {
	return typed(w, event.InstanceTerminated{Outcome: event.Gone, InstanceID: "i-1", SeenAt: time.Now(), How: "seen terminated"})
}

func (w *world) approve(length time.Duration) {
	w.t.Helper()
	e := w.approved(length)
	w.deliver(func() error { return w.OnApproved(w.t.Context(), e) })
}

func (w *world) grant(length time.Duration) {
	w.t.Helper()
	e := w.granted(length)
	go w.deliver(func() error { return w.OnGranted(w.t.Context(), e) })
	synctest.Wait()
}

func (w *world) state() reaper.State {
	w.t.Helper()
	r, err := w.table.Load(w.t.Context(), w.id)
	must(w.t, err)
	return r.State
}

// expired is the one end that was said, nil where there was none.
func (w *world) expired() *event.Expired {
	w.t.Helper()
	all := w.ends()
	switch len(all) {
	case 0:
		return nil
	case 1:
		return &all[0]
	default:
		w.t.Fatalf("%d ends were said: %+v", len(all), all)
		return nil
	}
}

// ends are the ends that were said. One that is asked about again is the same
// end, word for word.
func (w *world) ends() []event.Expired {
	w.t.Helper()
	return slices.Compact(servicetest.Said[event.Expired](w.t, w.bus))
}
