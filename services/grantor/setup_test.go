package grantor_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/powerpole/powerpole/deploy/local/aws"
	pkgbus "github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/event"
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
	// fails, where set, is what publishing says and does instead.
	fails error
}

func (b *bus) Publish(_ context.Context, events ...event.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails != nil {
		return b.fails
	}
	b.sent = append(b.sent, events...)
	return nil
}

func (b *bus) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fails = err
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
	suffix  string
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
	w := &world{t: t, db: db, bus: &bus{}, suffix: strings.ToLower(rand.Text()[:6]), ec2: ec2.NewFromConfig(cfg), secrets: secretsmanager.NewFromConfig(cfg)}
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
	sweep, err := store.NewSweep(w.dynamo, "grantor", new(pkgbus.Quiet), slog.New(slog.DiscardHandler))
	must(t, err)
	w.options = grantor.Options{
		Catalog: readCatalog(t, db), Verifier: verifier, Machine: machine, Sweep: sweep, Bus: w.bus, EC2: w.ec2, Secrets: w.secrets, Dial: db.Target.Dial,
	}
	w.Service, err = grantor.New(w.options)
	must(t, err)
	t.Cleanup(w.Service.Close)
	return w
}

func readCatalog(t testing.TB, db *accttest.Server) *catalog.Catalog {
	t.Helper()
	return readCatalogWith(t, db, "", "")
}

// readCatalogWith is readCatalog with another text in the place of one.
func readCatalogWith(t testing.TB, db *accttest.Server, old, other string) *catalog.Catalog {
	t.Helper()
	dir := writeAdmin(t, db)
	text := strings.Replace(fmt.Sprintf(catalogText, db.Target.Address, dir, dir, db.ServerName), old, other, 1)
	c, _, err := catalog.Parse("test", []byte(text))
	must(t, err)
	return c
}

// writeAdmin writes the administrator's credentials and the server's authority
// into a folder.
func writeAdmin(t testing.TB, db *accttest.Server) (dir string) {
	t.Helper()
	dir = t.TempDir()
	admin, err := credential.Credential{User: db.Target.User, Password: db.Target.Password}.Encode()
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "admin.json"), []byte(admin.Reveal()), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "ca.pem"), db.CA, 0o600))
	return dir
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
