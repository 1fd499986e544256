package notifier_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/powerpole/powerpole/deploy/local/aws"
	localslack "github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/notifier"
)

// canary is the password of every test: it may be seen in one block of one
// message and nowhere else.
const canary = "Canary-Passw0rd&<>42"

const installation = "notifier-test"

const testCatalog = `
installation: notifier-test
email_domains: [nimbus.example]
slack: {operators_channel: C0OPS}
clusters:
  - id: shop-prod
    name: Shop
    region: ap-northeast-1
    account: "123456789012"
    engine: {writer: "shop.example.com:3306", admin_secret: "file:/nowhere"}
    databases: [shop, billing]
    channel: C0SHOPDB
    language: ja
    roles: [READ, DML]
    approvers: [S0DBA]
    bastion: {launch_template: powerpole-bastion, capacity: [{instance_type: t4g.nano, subnet: subnet-0aaaaaaaaaaaaaaaa}]}
`

// bundle is the notifier with everything around it in this process, and one
// request of Emma's.
type bundle struct {
	*notifier.Service
	bus     *servicetest.Outbox
	slack   *localslack.Server
	aws     *aws.Stack
	secrets *secretsmanager.Client
	slips   *warrant.Signer
	keySet  warrant.KeySet
	options notifier.Options
	id      string
	serial  int
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
	b := &bundle{bus: &servicetest.Outbox{}, slack: localslack.New(localslack.Options{}), id: event.NewRequestID()}
	tb.Cleanup(b.slack.Close)
	cat, _, err := catalog.Parse("powerpole.yaml", []byte(testCatalog))
	ok(tb, err)
	client, err := slackui.NewClient(b.slack.APIURL(), secret.New(b.slack.Tokens().Bot), &http.Client{Transport: m.Transport(b.slack.Client().Transport)})
	ok(tb, err)
	b.aws, err = aws.New(ctx, aws.Options{Intercept: m.Transport})
	ok(tb, err)
	tb.Cleanup(b.aws.Close)
	db := dynamodb.NewFromConfig(b.aws.Config())
	_, err = db.CreateTable(ctx, store.Schema("powerpole-notifier"))
	ok(tb, err)
	b.secrets = secretsmanager.NewFromConfig(b.aws.Config())
	sweep, err := store.NewSweep(db, "powerpole-notifier", new(bus.Quiet), slog.New(slog.DiscardHandler))
	ok(tb, err)
	b.options = notifier.Options{
		Catalog: cat, Verifier: b.keys(tb), Slack: client, Secrets: b.secrets, Bus: b.bus, Runbooks: "https://runbooks.example",
		Requests: machine[notifier.State](tb, db, b.bus), Alarms: machine[notifier.Alarm](tb, db, b.bus), Homes: machine[notifier.Home](tb, db, b.bus), Sweep: sweep,
	}
	b.Service, err = notifier.New(b.options)
	ok(tb, err)
	return b
}

func machine[T store.State](tb testing.TB, db *dynamodb.Client, publisher store.Publisher) *store.Machine[T] {
	tb.Helper()
	table, err := store.NewTable[T](db, "powerpole-notifier")
	ok(tb, err)
	m, err := store.NewMachine(event.Notifier, table, publisher)
	ok(tb, err)
	return m
}

func (b *bundle) keys(tb testing.TB) *warrant.Verifier {
	tb.Helper()
	slips, err := warrant.GenerateKey(warrant.KindSlip, "intake-1")
	ok(tb, err)
	b.slips, err = warrant.NewSigner(slips, installation)
	ok(tb, err)
	b.keySet = slips.Public()
	verifier, err := warrant.NewVerifier(b.keySet, installation)
	ok(tb, err)
	return verifier
}

func ok(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// of makes an event of the bundle's request.
func of[T event.Data](b *bundle, from event.Source, data T) event.Typed[T] {
	b.serial++
	return event.Typed[T]{Source: from, Data: data, Header: event.Header{
		ID: event.ID(from, data.EventType(), b.id, string(rune('a'+b.serial))), RequestID: b.id, Version: 1, OccurredAt: time.Now().UTC(),
	}}
}

func emma() event.Person {
	return event.Person{Team: "T0NIMBUS", User: "U0EMMA", Email: "emma.clark@nimbus.example", Name: "Emma Clark", Locale: "en-GB", TimeZone: "Europe/London"}
}

func hanako() event.Person {
	return event.Person{Team: "T0NIMBUS", User: "U0HANAKO", Name: "Hanako Sato", Locale: "ja-JP"}
}

func ask() event.Ask {
	return event.Ask{
		Requester: emma(), Cluster: "shop-prod", Databases: []string{"shop"}, Role: "READ",
		Duration: event.Duration(time.Hour), Reason: "look at <!channel> an order",
	}
}

func (b *bundle) slip(tb testing.TB, s warrant.Slip) string {
	tb.Helper()
	s.Team, s.RequestID, s.IssuedAt = "T0NIMBUS", b.id, time.Now().UTC()
	signed, err := b.slips.Slip(s)
	ok(tb, err)
	return signed
}

func (b *bundle) created(tb testing.TB) event.Typed[event.RequestCreated] {
	tb.Helper()
	digest, err := warrant.Digest(ask())
	ok(tb, err)
	return of(b, event.Intake, event.RequestCreated{Ask: ask(), Digest: digest, Slip: b.slip(tb, warrant.Slip{User: "U0EMMA", Action: "request", Digest: digest})})
}

func (b *bundle) approved() event.Typed[event.Approved] {
	now := time.Now().UTC()
	return of(b, event.Approval, event.Approved{
		Ask: ask(), Privileges: []string{"SELECT"}, Approvers: []event.Person{hanako()}, PolicyHash: "h", Warrant: "w",
		StartBy: now.Add(10 * time.Minute), EndBy: now.Add(8 * time.Hour),
	})
}

func (b *bundle) ready() event.Typed[event.InstanceReady] {
	return of(b, event.Provisioner, event.InstanceReady{
		InstanceID: "i-0abc", PrivateIP: netip.MustParseAddr("10.0.0.9"), Region: "ap-northeast-1", SessionURL: "https://console.example/i-0abc", Warrant: "w",
	})
}

// granted puts the password where the grantor puts it, and says so.
func (b *bundle) granted(tb testing.TB) event.Typed[event.Granted] {
	tb.Helper()
	value, err := credential.Credential{User: "emma.clark", Password: secret.New(canary)}.Encode()
	ok(tb, err)
	ok(tb, secret.Store(tb.Context(), b.secrets, credential.Name(b.id), value, nil))
	now := time.Now().UTC()
	return of(b, event.Grantor, event.Granted{
		Cluster: "shop-prod", User: "emma.clark", Host: netip.MustParseAddr("10.0.0.9"), Databases: []string{"shop"},
		Endpoints: []event.Endpoint{{Kind: "writer", Host: "shop.example.com", Port: 3306}}, Privileges: []string{"SELECT ON shop.*"},
		Auth: "password", TLS: true, GrantedAt: now, ExpiresAt: now.Add(time.Hour),
	})
}

func (b *bundle) expired(cause event.Cause) event.Typed[event.Expired] {
	return of(b, event.Reaper, event.Expired{Cause: cause, EndedAt: time.Now().UTC()})
}

func (b *bundle) reaped() event.Typed[event.Reaped] {
	now := time.Now().UTC()
	return of(b, event.Reaper, event.Reaped{
		Cause: event.ByTime, EndedAt: now, ReapedAt: now, Schedules: 2,
		Account:  event.Revoked{Outcome: event.Gone, User: "emma.clark", Killed: 3, SecretDeleted: true, SeenAt: now, How: "looked"},
		Instance: event.InstanceTerminated{Outcome: event.Gone, InstanceID: "i-0abc", Sessions: 1, SeenAt: now, How: "looked"},
	})
}

// direct is what the app has written to a person.
func (b *bundle) direct(user string) []localslack.Message {
	return b.slack.Messages(user, b.slack.DirectMessage(user))
}

// shown is the blocks of the one message that Emma has.
func (b *bundle) shown(tb testing.TB) string {
	tb.Helper()
	all := b.direct("U0EMMA")
	if len(all) != 1 {
		tb.Fatalf("Emma has %d direct messages, want one", len(all))
	}
	return string(all[0].Blocks)
}

// must fails unless the text holds all of these.
func must(tb testing.TB, text string, parts ...string) {
	tb.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			tb.Errorf("%q is not in %s", p, text)
		}
	}
}

// mustNot fails if the text holds any of these.
func mustNot(tb testing.TB, text string, parts ...string) {
	tb.Helper()
	for _, p := range parts {
		if strings.Contains(text, p) {
			tb.Errorf("%q is in %s", p, text)
		}
	}
}

// noSecrets is a Secrets Manager that fails, in words that repeat the secret.
type noSecrets struct{}

func (noSecrets) GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	return nil, errors.New("secrets manager is away")
}
