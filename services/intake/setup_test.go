package intake_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/intake"
)

const catalogText = `
installation: test
email_domains: [nimbus.example]
slack: {operators_channel: C0OPS, approvers_channel: C0SHOPDB}
roles:
  SUPPORT: {privileges: [SELECT], tables: ["shop.orders(id, item)", billing.invoices]}
  VIEWS: {privileges: [SELECT, CREATE VIEW]}
clusters:
  -
    id: shop
    name: Shop (production)
    region: us-east-1
    account: "123456789012"
    engine: {writer: "shop:3306", admin_secret: "file:/x"}
    databases: [shop, billing]
    roles: [READ, DDL, SUPPORT, VIEWS]
    warning: "Real customers & <!channel>"
    approvers: [U0HANAKO]
    bastion: {launch_template: bastion, capacity: [{instance_type: t4g.nano, subnet: subnet-1}]}
  - id: reports
    region: us-east-1
    account: "123456789012"
    engine: {writer: "reports:3306", admin_secret: "file:/x"}
    databases: [reports]
    roles: [READ]
    approvers: [U0HANAKO]
    bastion: {launch_template: bastion, capacity: [{instance_type: t4g.nano, subnet: subnet-1}]}
`

// bus keeps what was published; while it is broken it refuses, while it is
// stuck it waits for the context.
type bus struct {
	mu            sync.Mutex
	sent          []event.Event
	broken, stuck bool
}

func (b *bus) Publish(ctx context.Context, events ...event.Event) error {
	b.mu.Lock()
	broken, stuck := b.broken, b.stuck
	b.mu.Unlock()
	if stuck {
		<-ctx.Done()
		return ctx.Err()
	}
	if broken {
		return errors.New("the bus refused")
	}
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

// desk is an intake with a workspace before it.
type desk struct {
	t        *testing.T
	slack    *slack.Server
	api      *slackgo.Client
	bus      *bus
	service  *intake.Service
	handler  http.Handler
	verifier *warrant.Verifier
	secret   string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, slack: slack.New(slack.Options{}), bus: &bus{}}
	t.Cleanup(d.slack.Close)
	d.secret = d.slack.Tokens().SigningSecret
	d.api = slackgo.New(d.slack.Tokens().Bot, slackgo.OptionAPIURL(d.slack.APIURL()), slackgo.OptionHTTPClient(d.slack.Client()))
	key, err := warrant.GenerateKey(warrant.KindSlip, "test")
	must(t, err)
	signer, err := warrant.NewSigner(key, "test")
	must(t, err)
	d.verifier, err = warrant.NewVerifier(key.Public(), "test")
	must(t, err)
	c, _, err := catalog.Parse("test", []byte(catalogText))
	must(t, err)
	d.service, err = intake.New(intake.Options{
		Catalog: c, Slack: d.api, Bus: d.bus, Signer: signer, SigningSecret: secret.New(d.secret), Address: "127.0.0.1:0",
	})
	must(t, err)
	d.handler = d.service.Handler()
	d.slack.SetIntake(slack.Intake{
		CommandURL: "http://intake/slack/command", InteractivityURL: "http://intake/slack/interactivity",
		OptionsURL: "http://intake/slack/options", EventsURL: "http://intake/slack/events",
		Client: &http.Client{Transport: inProcess{d.handler}},
	})
	return d
}

// inProcess lets a handler answer without a socket.
type inProcess struct{ http.Handler }

func (h inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// post sends a body as Slack does, after change has had its way.
func (d *desk) post(path string, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header = slack.Sign(d.secret, []byte(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w
}

// view is the modal that the person sees.
type view struct {
	ID       string          `json:"id"`
	Callback string          `json:"callback_id"`
	Metadata string          `json:"private_metadata"`
	Blocks   json.RawMessage `json:"blocks"`
}

func (d *desk) view(user string) view {
	d.t.Helper()
	raw := d.slack.OpenView(user)
	if raw == nil {
		d.t.Fatalf("%s sees no modal", user)
	}
	var v view
	must(d.t, json.Unmarshal(raw, &v))
	return v
}

// ask opens the form as Taro, for the cluster.
func (d *desk) ask(cluster string) view {
	d.t.Helper()
	m, err := d.slack.SlashCommand(d.t.Context(), "U0TARO", "C0SHOPDB", "/powerpole", "")
	must(d.t, err)
	if m != nil {
		d.t.Fatalf("the command answered %q", m.Text)
	}
	must(d.t, d.slack.ActInView(d.t.Context(), "U0TARO", d.view("U0TARO").ID, intake.ClusterAction, cluster))
	return d.view("U0TARO")
}

// filled is a form that is right.
func filled() map[string]any {
	return map[string]any{
		intake.DatabasesAction: []string{"shop"}, intake.RoleAction: "READ", intake.DurationAction: "1h30m",
		intake.ReasonAction: "look at order 7", intake.TicketAction: "OPS-7",
	}
}

// only decodes the one event that was published.
func only[T event.Data](d *desk) (event.Event, T) {
	d.t.Helper()
	var zero T
	all := d.bus.all()
	if len(all) != 1 {
		d.t.Fatalf("%d events, want one %s", len(all), zero.EventType())
	}
	registry, err := event.All()
	must(d.t, err)
	data, err := registry.Decode(all[0])
	must(d.t, err)
	got, ok := data.(T)
	if !ok {
		d.t.Fatalf("the event is %s, want %s", all[0].Type, zero.EventType())
	}
	return all[0], got
}

func (d *desk) slip(token, request string) warrant.Slip {
	d.t.Helper()
	s, err := d.verifier.Slip(token, request, time.Hour)
	must(d.t, err)
	return s
}
