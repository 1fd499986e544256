package provisioner_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/powerpole/powerpole/deploy/local/aws"
	localbus "github.com/powerpole/powerpole/deploy/local/aws/eventbridge"
	localssm "github.com/powerpole/powerpole/deploy/local/aws/ssm"
	"github.com/powerpole/powerpole/pkg/bootstrap"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/provisioner"
)

// road is a provisioner that runs as it does in AWS, and what passed the bus.
type road struct {
	*servicetest.Outbox
	t      *testing.T
	id     string
	stack  *aws.Stack
	signer *warrant.Signer
}

// start runs the service on an embedded AWS until the test ends.
func start(t *testing.T, o aws.Options) *road {
	t.Helper()
	r := &road{Outbox: &servicetest.Outbox{}, t: t, id: event.NewRequestID()}
	var err error
	o.OnEvent = r.passed
	r.stack, err = aws.New(t.Context(), o)
	must(t, err)
	cfg := r.stack.Config()
	must(t, bootstrap.New(cfg, bootstrap.Options{}).Run(t.Context()))
	must(t, createTemplate(t, ec2.NewFromConfig(cfg)))
	key, err := warrant.GenerateKey(warrant.KindWarrant, "test")
	must(t, err)
	r.signer, err = warrant.NewSigner(key, installation)
	must(t, err)
	keys, err := json.Marshal(key.Public())
	must(t, err)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "powerpole.yaml"), []byte(testCatalog), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "keys.json"), keys, 0o600))

	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		err := service.Run(ctx, provisioner.Spec(), service.Options{
			AWS: &cfg, Log: slog.New(slog.DiscardHandler),
			Environ: map[string]string{
				"POWERPOLE_CATALOG": filepath.Join(dir, "powerpole.yaml"),
				"POWERPOLE_KEYS":    filepath.Join(dir, "keys.json"),
			},
		})
		if err != nil {
			t.Errorf("the service ended: %v", err)
		}
	})
	t.Cleanup(r.stack.Close)
	t.Cleanup(func() { stop(); running.Wait() })
	return r
}

func (r *road) passed(e localbus.Event) {
	if e.Source == string(event.EC2) {
		return
	}
	parsed, err := event.Parse([]byte(e.JSON))
	if err != nil {
		r.t.Errorf("on the bus: %v", err)
		return
	}
	_ = r.Publish(context.Background(), parsed.Event)
}

// say publishes as another service does.
func (r *road) say(from event.Source, data event.Data) {
	r.t.Helper()
	registry, err := event.All()
	must(r.t, err)
	p, err := bus.NewPublisher(eventbridge.NewFromConfig(r.stack.Config()), topology.BusName, from, registry)
	must(r.t, err)
	e, err := event.New(event.About{Source: from, RequestID: r.id}, data)
	must(r.t, err)
	must(r.t, p.Publish(r.t.Context(), e))
}

func TestBastionRunsItsWholeRoadOnAWSItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow())
		r.approve()
		time.Sleep(15 * time.Second)
		ready := servicetest.Said[event.InstanceReady](t, r.Outbox)
		if len(ready) != 1 {
			t.Fatalf("fifteen seconds later: ready %+v, failed %+v", ready, servicetest.Said[event.ProvisionFailed](t, r.Outbox))
		}
		session, err := r.stack.SSM.Start(localssm.Start{Target: ready[0].InstanceID})
		must(t, err)
		r.say(event.Reaper, event.Expired{Cause: event.ByTime, EndedAt: time.Now()})
		time.Sleep(time.Second)
		if session.Context().Err() == nil {
			t.Error("the session outlived its end")
		}
		r.say(event.Grantor, event.Revoked{Outcome: event.Gone, User: "taro", SeenAt: time.Now(), How: "read back"})
		time.Sleep(30 * time.Second)
		got := servicetest.Said[event.InstanceTerminated](t, r.Outbox)
		if len(got) != 1 || got[0].Outcome != event.Gone || got[0].Sessions != 1 {
			t.Errorf("answer: %+v", got)
		}
	})
}

func TestInstanceThatGoesByItselfIsSeenByEC2sOwnHint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, aws.Options{})
		r.approve()
		time.Sleep(time.Second)
		ready := servicetest.Said[event.InstanceReady](t, r.Outbox)
		if len(ready) != 1 {
			t.Fatalf("an instant EC2 took more than a second: %+v", ready)
		}
		must(t, r.stack.EC2.Kill(ready[0].InstanceID))
		time.Sleep(time.Second)
		if lost := servicetest.Said[event.InstanceLost](t, r.Outbox); len(lost) != 1 {
			t.Errorf("lost: %+v", lost)
		}
	})
}

func (r *road) approve() {
	r.t.Helper()
	w := world{t: r.t, id: r.id, signer: r.signer}
	terms := w.warrant()
	e := w.approved(terms)
	e.Data.Ask = event.Ask{
		Requester: event.Person{Team: "T1", User: "U0TARO"}, Cluster: terms.Cluster, Databases: terms.Databases,
		Role: terms.Role, Duration: event.Duration(terms.Duration), Reason: "a test",
	}
	e.Data.Privileges, e.Data.Approvers = terms.Privileges, []event.Person{{Team: "T1", User: "U0HANAKO"}}
	e.Data.PolicyHash = terms.PolicyHash
	r.say(event.Approval, e.Data)
}
