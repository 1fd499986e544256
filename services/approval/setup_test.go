package approval_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/powerpole/powerpole/deploy/local/aws"
	localslack "github.com/powerpole/powerpole/deploy/local/slack"
	pkgbus "github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/policy"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/approval"
)

const installation = "approval-test"

const testCatalog = `
installation: approval-test
email_domains: [nimbus.example]
administrators: [U0OLIVER]
slack:
  operators_channel: C0OPS
limits:
  pending: 8h
  provisioning: 10m
  open_per_person: 2
roles:
  DDL:
    approvals: 2
    extend: false
clusters:
  - id: shop-prod
    name: Shop
    region: ap-northeast-1
    account: "123456789012"
    engine: {writer: "shop.example.com:3306", admin_secret: "file:/nowhere"}
    databases: [shop_a, billing]
    channel: C0SHOPDB
    roles: [READ, DML, DDL]
    approvers: [S0DBA, U0EMMA]
    bastion: {launch_template: powerpole-bastion, capacity: [{instance_type: t4g.nano, subnet: subnet-0aaaaaaaaaaaaaaaa}]}
  - id: dev
    region: ap-northeast-1
    account: "123456789012"
    engine: {writer: "dev.example.com:3306", admin_secret: "file:/nowhere"}
    databases: [dev]
    channel: C0BILLINGDB
    language: ja
    roles: [READ]
    auto_approve: [READ]
    approvers: [S0DBA]
    bastion: {launch_template: powerpole-bastion, capacity: [{instance_type: t4g.nano, subnet: subnet-0aaaaaaaaaaaaaaaa}]}
`

// bundle is approval with everything around it in this process.
type bundle struct {
	*approval.Service
	bus      *servicetest.Outbox
	clock    *clock
	slack    *localslack.Server
	log      *store.Log[approval.Entry]
	verifier *warrant.Verifier
	slips    *warrant.Signer
	options  approval.Options
	wire     *wire
	serial   int

	warrantKey warrant.Key
	keySet     warrant.KeySet
}

func setup(tb testing.TB) *bundle {
	tb.Helper()
	return setupMortal(tb, &servicetest.Mortal{})
}

// setupMortal is setup with a process that may die.
func setupMortal(tb testing.TB, m *servicetest.Mortal) *bundle {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	tb.Cleanup(cancel)
	b := &bundle{bus: &servicetest.Outbox{}, clock: &clock{schedules: map[string]time.Time{}}, slack: localslack.New(localslack.Options{})}
	tb.Cleanup(b.slack.Close)
	cat, _, err := catalog.Parse("powerpole.yaml", []byte(testCatalog))
	ok(tb, err)
	engine, err := policy.New(cat)
	ok(tb, err)
	signer := b.keys(tb)
	b.wire = &wire{to: b.slack.Client().Transport}
	client, err := slackui.NewClient(b.slack.APIURL(), secret.New(b.slack.Tokens().Bot), &http.Client{Transport: m.Transport(b.wire)})
	ok(tb, err)
	stack, err := aws.New(ctx, aws.Options{Intercept: m.Transport})
	ok(tb, err)
	tb.Cleanup(stack.Close)
	db := dynamodb.NewFromConfig(stack.Config())
	_, err = db.CreateTable(ctx, store.Schema("powerpole-approval"))
	ok(tb, err)
	table, err := store.NewTable[approval.State](db, "powerpole-approval")
	ok(tb, err)
	machine, err := store.NewMachine(event.Approval, table, mortalBus{m, b.bus})
	ok(tb, err)
	b.log, err = store.NewLog[approval.Entry](db, "powerpole-approval", event.Approval, mortalBus{m, b.bus})
	ok(tb, err)
	sweep, err := store.NewSweep(db, "powerpole-approval", new(pkgbus.Quiet), slog.New(slog.DiscardHandler))
	ok(tb, err)
	people, err := store.NewTable[approval.Past](db, "powerpole-approval")
	ok(tb, err)
	pasts, err := store.NewMachine(event.Approval, people, mortalBus{m, b.bus})
	ok(tb, err)
	b.options = approval.Options{
		Catalog: cat, Policy: engine, Verifier: b.verifier, Signer: signer, Slack: client,
		Log: b.log, Machine: machine, Pasts: pasts, Sweep: sweep, Scheduler: mortalClock{m, b.clock}, Bus: mortalBus{m, b.bus},
	}
	b.Service, err = approval.New(b.options)
	ok(tb, err)
	return b
}

// keys makes the installation's two keys, and returns approval's signer.
func (b *bundle) keys(tb testing.TB) *warrant.Signer {
	tb.Helper()
	slips, err := warrant.GenerateKey(warrant.KindSlip, "intake-1")
	ok(tb, err)
	warrants, err := warrant.GenerateKey(warrant.KindWarrant, "approval-1")
	ok(tb, err)
	set, err := slips.Public().Merge(warrants.Public())
	ok(tb, err)
	b.warrantKey, b.keySet = warrants, set
	b.verifier, err = warrant.NewVerifier(set, installation)
	ok(tb, err)
	b.slips, err = warrant.NewSigner(slips, installation)
	ok(tb, err)
	signer, err := warrant.NewSigner(warrants, installation)
	ok(tb, err)
	return signer
}

func ok(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func someone(user string) event.Person { return event.Person{Team: "T0NIMBUS", User: user} }

// ask is what Taro asks for, changed by change.
func ask(change ...func(*event.Ask)) event.Ask {
	a := event.Ask{
		Requester: someone("U0TARO"), Cluster: "shop-prod", Databases: []string{"shop_a"}, Role: "READ",
		Duration: event.Duration(time.Hour), Reason: "look at an order",
	}
	for _, c := range change {
		c(&a)
	}
	return a
}

// request is an ask as intake publishes it.
func (b *bundle) request(tb testing.TB, a event.Ask) event.Typed[event.RequestCreated] {
	tb.Helper()
	id := event.NewRequestID()
	digest, err := warrant.Digest(a)
	ok(tb, err)
	slip, err := b.slips.Slip(warrant.Slip{
		Team: a.Requester.Team, User: a.Requester.User, Action: "request", RequestID: id, Digest: digest, IssuedAt: time.Now().UTC(),
	})
	ok(tb, err)
	return event.Typed[event.RequestCreated]{
		Header: event.Header{ID: event.ID(event.Intake, "RequestCreated", id, ""), RequestID: id, Version: 1, OccurredAt: time.Now().UTC()},
		Source: event.Intake, Data: event.RequestCreated{Ask: a, Digest: digest, Slip: slip},
	}
}

// open makes a request that waits for its approvers.
func (b *bundle) open(tb testing.TB, a event.Ask) event.Typed[event.RequestCreated] {
	tb.Helper()
	e := b.request(tb, a)
	ok(tb, b.OnRequestCreated(tb.Context(), e))
	return e
}

// click is what intake publishes of a click on a request, changed by change
// before it is signed.
func (b *bundle) click(tb testing.TB, e event.Typed[event.RequestCreated], user string, action event.Action, change ...func(*event.ActionSubmitted)) event.Typed[event.ActionSubmitted] {
	tb.Helper()
	b.serial++
	ts := fmt.Sprintf("1700000000.%06d", b.serial)
	c := event.ActionSubmitted{
		Action: action, By: someone(user), Message: event.Message{Channel: "C0SHOPDB", TS: "1.1"}, Digest: e.Data.Digest, ActionTS: ts,
	}
	for _, f := range change {
		f(&c)
	}
	slip, err := b.slips.Slip(warrant.Slip{
		Team: c.By.Team, User: c.By.User, Action: string(c.Action), RequestID: e.RequestID, Digest: c.Digest, ActionTS: c.ActionTS, IssuedAt: time.Now().UTC(),
	})
	ok(tb, err)
	c.Slip = slip
	return event.Typed[event.ActionSubmitted]{
		Header: event.Header{ID: event.ID(event.Intake, "ActionSubmitted", e.RequestID, user+ts), RequestID: e.RequestID, Version: 1, OccurredAt: time.Now().UTC()},
		Source: event.Intake, Data: c,
	}
}

// act clicks and handles that.
func (b *bundle) act(tb testing.TB, e event.Typed[event.RequestCreated], user string, action event.Action, change ...func(*event.ActionSubmitted)) {
	tb.Helper()
	ok(tb, b.OnActionSubmitted(tb.Context(), b.click(tb, e, user, action, change...)))
}

// kinds are the kinds of a request's rows.
func (b *bundle) kinds(tb testing.TB, id string) []approval.Kind {
	tb.Helper()
	rows, err := b.log.Rows(tb.Context(), id)
	ok(tb, err)
	var kinds []approval.Kind
	for _, r := range rows {
		kinds = append(kinds, r.Entry.Kind)
	}
	return kinds
}

// messages are those in the approvers' channel.
func (b *bundle) messages() []localslack.Message { return b.slack.Messages("U0HANAKO", "C0SHOPDB") }

// refusals are what people were told who might not.
func (b *bundle) refusals(tb testing.TB) []string {
	tb.Helper()
	var out []string
	for _, v := range servicetest.Said[event.Voted](tb, b.bus) {
		if !v.Taken {
			out = append(out, v.By.User+" "+string(v.Action)+": "+v.Refused)
		}
	}
	return out
}

// refusedOnce fails unless one click was refused, in words that hold why, and
// nothing was decided by it.
func (b *bundle) refusedOnce(tb testing.TB, why string) {
	tb.Helper()
	refused := b.refusals(tb)
	if len(refused) != 1 || !strings.Contains(refused[0], why) {
		tb.Errorf("refused: %q, want one that says %q", refused, why)
	}
	if n := len(servicetest.Said[event.Approved](tb, b.bus)); n != 0 {
		tb.Errorf("Approved was said %d times", n)
	}
}
