package provisioner_test

import (
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/powerpole/powerpole/deploy/local/aws"
	localec2 "github.com/powerpole/powerpole/deploy/local/aws/ec2"
	localssm "github.com/powerpole/powerpole/deploy/local/aws/ssm"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/provisioner"
)

const installation = "provisioner-test"

const testCatalog = `
installation: provisioner-test
email_domains: [example.com]
slack: {operators_channel: C0OPERATORS, approvers_channel: C0APPROVALS}
limits: {provisioning: 10m}
clusters:
  - id: shop-prod
    region: ap-northeast-1
    account: "123456789012"
    engine: {writer: "shop.example.com:3306", admin_secret: "file:/nowhere"}
    databases: [shop]
    roles: [READ]
    approvers: [U0HANAKO]
    bastion:
      launch_template: powerpole-bastion
      capacity:
        - {instance_type: t4g.nano, subnet: subnet-0aaaaaaaaaaaaaaaa}
        - {instance_type: t4g.micro, subnet: subnet-0bbbbbbbbbbbbbbbb}
      session_url: https://example.com/session/{region}/{instance}
`

// world is a provisioner on an embedded AWS, and one request.
type world struct {
	*provisioner.Service
	t      testing.TB
	id     string
	bus    *servicetest.Outbox
	aws    *aws.Stack
	cloud  *cloud
	table  *store.Table[provisioner.State]
	signer *warrant.Signer
}

// inBubble runs a test in virtual time.
func inBubble(t *testing.T, o aws.Options, test func(t *testing.T, w *world)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(t, newWorld(t, o)) })
}

// slow is an AWS whose instances and agents take their time.
func slow() aws.Options {
	return aws.Options{
		EC2: localec2.Options{Pending: 5 * time.Second, ShuttingDown: 20 * time.Second},
		SSM: localssm.Options{AgentDelay: 8 * time.Second},
	}
}

func newWorld(t testing.TB, o aws.Options) *world {
	t.Helper()
	stack, err := aws.New(t.Context(), o)
	must(t, err)
	t.Cleanup(stack.Close)
	cfg := stack.Config()
	w := &world{t: t, id: event.NewRequestID(), bus: &servicetest.Outbox{}, aws: stack}
	w.cloud = &cloud{Client: ec2.NewFromConfig(cfg), ssm: ssm.NewFromConfig(cfg)}
	must(t, createTemplate(t, w.cloud.Client))
	db := dynamodb.NewFromConfig(cfg)
	_, err = db.CreateTable(t.Context(), store.Schema("provisioner"))
	must(t, err)
	w.table, err = store.NewTable[provisioner.State](db, "provisioner")
	must(t, err)
	sweep, err := store.NewSweep(db, "provisioner", new(bus.Quiet), slog.New(slog.DiscardHandler))
	must(t, err)
	machine, err := store.NewMachine(event.Provisioner, w.table, w.bus)
	must(t, err)
	key, err := warrant.GenerateKey(warrant.KindWarrant, "test")
	must(t, err)
	w.signer, err = warrant.NewSigner(key, installation)
	must(t, err)
	verifier, err := warrant.NewVerifier(key.Public(), installation)
	must(t, err)
	cat, _, err := catalog.Parse("powerpole.yaml", []byte(testCatalog))
	must(t, err)
	w.Service, err = provisioner.New(provisioner.Deps{
		Machine: machine, Sweep: sweep, EC2: w.cloud, SSM: w.cloud, Verifier: verifier, Catalog: cat, Bus: w.bus,
		Log: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	return w
}

func createTemplate(t testing.TB, client *ec2.Client) error {
	_, err := client.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: awssdk.String("powerpole-bastion"),
		LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: awssdk.String("ami-00000000000000001")},
	})
	return err
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// deliver hands a message over until it is acknowledged, as the bus does, and
// at most as often as the queue allows.
func (w *world) deliver(handle func() error) {
	w.t.Helper()
	for n := range 200 {
		err := handle()
		d, later := bus.IsLater(err)
		switch {
		case err == nil:
			return
		case bus.IsTerminal(err):
			w.t.Errorf("parked: %v", err)
			return
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

func (w *world) warrant() warrant.Warrant {
	now := time.Now().UTC()
	return warrant.Warrant{
		RequestID: w.id, Purpose: warrant.PurposeGrant, Owner: warrant.Person{Team: "T1", User: "U0TARO", Email: "taro@example.com"},
		Cluster: "shop-prod", Databases: []string{"shop"}, Role: "READ", Privileges: []string{"SELECT"}, Duration: time.Hour,
		Approvers:  []warrant.Person{{Team: "T1", User: "U0HANAKO", Email: "hanako@example.com"}},
		PolicyHash: "sha256:1", StartBy: now.Add(10 * time.Minute), EndBy: now.Add(10*time.Minute + 8*time.Hour), IssuedAt: now,
	}
}

func (w *world) approved(terms warrant.Warrant) event.Typed[event.Approved] {
	w.t.Helper()
	token, err := w.signer.Warrant(terms)
	must(w.t, err)
	return typed(w, event.Approved{Warrant: token, StartBy: terms.StartBy, EndBy: terms.EndBy})
}

func (w *world) expired(drain time.Duration) event.Typed[event.Expired] {
	return typed(w, event.Expired{Cause: event.ByTime, EndedAt: time.Now(), Drain: event.Duration(drain)})
}

func (w *world) revoked(outcome event.Outcome) event.Typed[event.Revoked] {
	return typed(w, event.Revoked{Outcome: outcome, SeenAt: time.Now(), How: "read back"})
}

// build approves and waits until the bastion is ready.
func (w *world) build() event.InstanceReady {
	w.t.Helper()
	w.approve()
	ready := servicetest.Said[event.InstanceReady](w.t, w.bus)
	if len(ready) == 0 {
		w.t.Fatalf("no bastion: %+v", servicetest.Said[event.ProvisionFailed](w.t, w.bus))
	}
	return ready[len(ready)-1]
}

func (w *world) approve() {
	w.t.Helper()
	e := w.approved(w.warrant())
	w.deliver(func() error { return w.OnApproved(w.t.Context(), e) })
}

func (w *world) expire(drain time.Duration) {
	w.t.Helper()
	e := w.expired(drain)
	w.deliver(func() error { return w.OnExpired(w.t.Context(), e) })
}

func (w *world) revoke(outcome event.Outcome) {
	w.t.Helper()
	e := w.revoked(outcome)
	w.deliver(func() error { return w.OnRevoked(w.t.Context(), e) })
}

// terminated is the one answer, nil where there was none.
func (w *world) terminated() *event.InstanceTerminated {
	w.t.Helper()
	all := servicetest.Said[event.InstanceTerminated](w.t, w.bus)
	switch len(all) {
	case 0:
		return nil
	case 1:
		return &all[0]
	default:
		w.t.Fatalf("%d answers: %+v", len(all), all)
		return nil
	}
}

// failed is the one failure, nil where there was none.
func (w *world) failed() *event.ProvisionFailed {
	w.t.Helper()
	all := servicetest.Said[event.ProvisionFailed](w.t, w.bus)
	if len(all) == 0 {
		return nil
	}
	return &all[0]
}

// standing are the instances that EC2 has not ended, of this request or of all.
func (w *world) standing(request string) []localec2.Instance {
	return slices.DeleteFunc(w.aws.EC2.Instances(), func(i localec2.Instance) bool {
		return i.State == localec2.Terminated || request != "" && i.Tags[provisioner.TagRequest] != request
	})
}

// hint is EC2's own event.
func (w *world) hint(id, state string) event.Typed[event.InstanceStateChanged] {
	e := typed(w, event.InstanceStateChanged{InstanceID: id, State: state})
	e.RequestID = ""
	return e
}
