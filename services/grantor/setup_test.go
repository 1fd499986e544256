package grantor_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/grantor"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

const catalogText = `
installation: test
email_domains: [example.com]
slack: {operators_channel: C0OPS, approvers_channel: C0APP}
limits: {min_duration: 1m}
clusters:
  - id: shop
    region: us-east-1
    account: "123456789012"
    engine:
      writer: "%s"
      admin_secret: "file:%s/admin.json"
      tls: {ca: "file:%s/ca.pem", server_name: "%s"}
    databases: [shop, billing]
    roles: [READ, DML]
    approvers: [U0APPROVER]
    bastion:
      launch_template: bastion
      capacity: [{instance_type: t4g.nano, subnet: subnet-1}]
`

// bus keeps what was published.
type bus struct {
	mu   sync.Mutex
	sent []event.Event
}

func (b *bus) Publish(_ context.Context, events ...event.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = append(b.sent, events...)
	return nil
}

func (b *bus) all() []event.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]event.Event(nil), b.sent...)
}

// world is a grantor on an embedded AWS and a database.
type world struct {
	*grantor.Service
	t       testing.TB
	db      *accttest.Server
	bus     *bus
	signer  *warrant.Signer
	ec2     *ec2.Client
	secrets *secretsmanager.Client
	table   *store.Table[grantor.State]
	dynamo  *dynamodb.Client
	options grantor.Options
}

// inBubble runs a test in virtual time with an embedded database of its own.
func inBubble(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db, stop, err := accttest.Embedded()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		test(t, newWorld(t, db))
	})
}

func newWorld(t testing.TB, db *accttest.Server) *world {
	t.Helper()
	stack, err := aws.New(t.Context(), aws.Options{})
	must(t, err)
	t.Cleanup(stack.Close)
	cfg := stack.Config()
	w := &world{t: t, db: db, bus: &bus{}, ec2: ec2.NewFromConfig(cfg), secrets: secretsmanager.NewFromConfig(cfg)}
	w.dynamo = dynamodb.NewFromConfig(cfg)
	_, err = w.dynamo.CreateTable(t.Context(), store.Schema("grantor"))
	must(t, err)
	w.table, err = store.NewTable[grantor.State](w.dynamo, "grantor")
	must(t, err)
	machine, err := store.NewMachine(event.Grantor, w.table, w.bus)
	must(t, err)
	key, err := warrant.GenerateKey(warrant.KindWarrant, "test")
	must(t, err)
	w.signer, err = warrant.NewSigner(key, "test")
	must(t, err)
	verifier, err := warrant.NewVerifier(key.Public(), "test")
	must(t, err)
	w.options = grantor.Options{
		Catalog: readCatalog(t, db), Verifier: verifier, Machine: machine, Bus: w.bus, EC2: w.ec2, Secrets: w.secrets, Dial: db.Target.Dial,
	}
	w.Service, err = grantor.New(w.options)
	must(t, err)
	return w
}

func readCatalog(t testing.TB, db *accttest.Server) *catalog.Catalog {
	t.Helper()
	dir := t.TempDir()
	admin, err := credential.Credential{User: db.Target.User, Password: db.Target.Password}.Encode()
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "admin.json"), []byte(admin.Reveal()), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "ca.pem"), db.CA, 0o600))
	c, _, err := catalog.Parse("test", fmt.Appendf(nil, catalogText, db.Target.Address, dir, dir, db.ServerName))
	must(t, err)
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// lease is one request in a test.
type lease struct {
	w       *world
	id      string
	email   string
	warrant warrant.Warrant
	ready   event.InstanceReady
}

// request makes a request of that person with its bastion running.
func (w *world) request(email string) *lease {
	w.t.Helper()
	now := time.Now().UTC()
	l := &lease{w: w, id: event.NewRequestID(), email: email}
	l.warrant = warrant.Warrant{
		RequestID: l.id, Purpose: warrant.PurposeGrant, Owner: warrant.Person{Team: "T1", User: "U1", Email: email},
		Cluster: "shop", Databases: []string{"shop"}, Role: "READ", Privileges: []string{"SELECT", "SHOW VIEW"},
		Duration: time.Hour, Approvers: []warrant.Person{{Team: "T1", User: "U2", Email: "hanako@example.com"}},
		PolicyHash: "p", StartBy: now.Add(10 * time.Minute), EndBy: now.Add(8 * time.Hour), IssuedAt: now,
	}
	id, address := w.launch(l.id)
	l.ready = event.InstanceReady{
		InstanceID: id, PrivateIP: address, Region: "us-east-1", SessionURL: "https://example.com/s",
	}
	return l
}

func (w *world) launch(request string) (id string, address netip.Addr) {
	w.t.Helper()
	out, err := w.ec2.RunInstances(w.t.Context(), &ec2.RunInstancesInput{
		ImageId: awssdk.String("ami-0123456789abcdef0"), InstanceType: types.InstanceTypeT4gNano, SubnetId: awssdk.String("subnet-1"),
		MinCount: awssdk.Int32(1), MaxCount: awssdk.Int32(1),
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeInstance,
			Tags:         []types.Tag{{Key: awssdk.String("powerpole:request"), Value: &request}},
		}},
	})
	must(w.t, err)
	i := out.Instances[0]
	return *i.InstanceId, netip.MustParseAddr(*i.PrivateIpAddress)
}

func typed[T event.Data](l *lease, source event.Source, data T, discriminator string) event.Typed[T] {
	return event.Typed[T]{Source: source, Data: data, Header: event.Header{
		ID: event.ID(source, data.EventType(), l.id, discriminator), RequestID: l.id, Version: 1, OccurredAt: time.Now().UTC(),
	}}
}

func (l *lease) instanceReady(ctx context.Context) error {
	data := l.ready
	if data.Warrant == "" {
		token, err := l.w.signer.Warrant(l.warrant)
		must(l.w.t, err)
		data.Warrant = token
	}
	return l.w.OnInstanceReady(ctx, typed(l, event.Provisioner, data, ""))
}

func (l *lease) armed(ctx context.Context) error {
	return l.w.OnArmed(ctx, typed(l, event.Reaper, event.Armed{Stop: "start", At: l.warrant.StartBy, Generation: 1}, "1"))
}

func (l *lease) expired(ctx context.Context, again string) error {
	return l.w.OnExpired(ctx, typed(l, event.Reaper, event.Expired{Cause: event.ByTime, EndedAt: time.Now().UTC()}, again))
}

// grant brings the lease to Granted.
func (l *lease) grant() event.Granted {
	l.w.t.Helper()
	must(l.w.t, l.instanceReady(l.w.t.Context()))
	must(l.w.t, l.armed(l.w.t.Context()))
	return only[event.Granted](l)
}

// of returns what was said of that type about the lease.
func of[T event.Data](l *lease) (out []T) {
	l.w.t.Helper()
	registry := allEvents(l.w.t)
	for _, e := range l.w.bus.all() {
		if e.Detail.RequestID != l.id {
			continue
		}
		data, err := registry.Decode(e)
		must(l.w.t, err)
		if d, ok := data.(T); ok {
			out = append(out, d)
		}
	}
	return out
}

func only[T event.Data](l *lease) T {
	l.w.t.Helper()
	all := of[T](l)
	if len(all) != 1 {
		var zero T
		l.w.t.Fatalf("%d %s were said, want 1; in all: %s", len(all), zero.EventType(), l.said())
	}
	return all[0]
}

func (l *lease) said() string {
	var out []string
	for _, e := range l.w.bus.all() {
		if e.Detail.RequestID == l.id {
			out = append(out, e.Type+string(e.Detail.Data))
		}
	}
	return strings.Join(out, "\n")
}

func allEvents(t testing.TB) *event.Registry {
	t.Helper()
	r, err := event.All()
	must(t, err)
	return r
}

// credential is the lease's secret; ok is false where there is none.
func (l *lease) credential() (c credential.Credential, ok bool) {
	l.w.t.Helper()
	value, err := secret.Load(l.w.t.Context(), "secretsmanager:"+credential.Name(l.id), l.w.secrets)
	if err != nil {
		return credential.Credential{}, false
	}
	c, err = credential.Decode(value)
	must(l.w.t, err)
	return c, true
}

// login tries the lease's secret from the address.
func (l *lease) login(from string) error {
	c, ok := l.credential()
	if !ok {
		return fmt.Errorf("there is no secret")
	}
	return l.w.db.Login(l.w.t, c.User, c.Password.Reveal(), from, "shop").PingContext(l.w.t.Context())
}

// faulty is a way to the database that goes dead at the n-th write of a client,
// over all connections: before it is sent, or after.
type faulty struct {
	dial  func(context.Context, string) (net.Conn, error)
	mu    sync.Mutex
	count int
	at    int // 0 for never
	after bool
	dead  bool
}

var errDead = fmt.Errorf("the wire is dead")

// arm heals the wire and has it go dead at the n-th write from now, 0 for never.
// It returns how many writes there were since.
func (f *faulty) arm(n int) (writes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	writes, f.count, f.at, f.dead = f.count, 0, n, false
	return writes
}

func (f *faulty) Dial(ctx context.Context, address string) (net.Conn, error) {
	f.mu.Lock()
	dead := f.dead
	f.mu.Unlock()
	if dead {
		return nil, errDead
	}
	c, err := f.dial(ctx, address)
	if err != nil {
		return nil, err
	}
	return &faultyConn{c, f}, nil
}

type faultyConn struct {
	net.Conn
	f *faulty
}

func (c *faultyConn) Write(p []byte) (int, error) {
	c.f.mu.Lock()
	c.f.count++
	if c.f.count == c.f.at {
		c.f.dead = true
	}
	dead, after := c.f.dead, c.f.after && c.f.count == c.f.at
	c.f.mu.Unlock()
	if dead && !after {
		_ = c.Conn.Close()
		return 0, errDead
	}
	n, err := c.Conn.Write(p)
	if after {
		_ = c.Conn.Close()
		return n, errDead
	}
	return n, err
}
