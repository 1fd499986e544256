package reaper_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"

	"github.com/powerpole/powerpole/deploy/local/aws"
	localbus "github.com/powerpole/powerpole/deploy/local/aws/eventbridge"
	"github.com/powerpole/powerpole/pkg/bootstrap"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/reaper"
)

// road is a reaper that runs as it does in AWS, and what passed the bus.
type road struct {
	*servicetest.Outbox
	t      *testing.T
	id     string
	stack  *aws.Stack
	signer *warrant.Signer
}

// start runs the service on an embedded AWS whose scheduler is as late as AWS's
// may be, until the test ends.
func start(t *testing.T) *road {
	t.Helper()
	r := &road{Outbox: &servicetest.Outbox{}, t: t, id: event.NewRequestID()}
	var err error
	r.stack, err = aws.New(t.Context(), aws.Options{SchedulerPrecision: time.Minute, OnEvent: r.passed})
	must(t, err)
	cfg := r.stack.Config()
	must(t, bootstrap.New(cfg, bootstrap.Options{}).Run(t.Context()))
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
		err := service.Run(ctx, reaper.Spec(), service.Options{
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

// schedules are those of the request: the group holds others too.
func (r *road) schedules() []string {
	r.t.Helper()
	out, err := scheduler.NewFromConfig(r.stack.Config()).ListSchedules(r.t.Context(), &scheduler.ListSchedulesInput{NamePrefix: &r.id})
	must(r.t, err)
	var names []string
	for _, s := range out.Schedules {
		names = append(names, *s.Name)
	}
	return names
}

func TestLeaseRunsItsWholeRoadOnAWSItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		approved := r.approve(time.Hour)
		time.Sleep(2 * time.Second)
		if armed := servicetest.Said[event.Armed](t, r.Outbox); len(armed) != 1 || !slices.Equal(r.schedules(), []string{r.id + "-start-1"}) {
			t.Fatalf("armed %+v, schedules %q", armed, r.schedules())
		}
		granted := time.Now().UTC()
		end := granted.Add(time.Hour)
		r.say(event.Grantor, event.Granted{
			Cluster: "shop-prod", User: "taro", Host: netip.MustParseAddr("127.77.0.4"), Auth: "password",
			Endpoints:  []event.Endpoint{{Kind: "writer", Host: "shop.example.com", Port: 3306}},
			Privileges: approved.Privileges, Databases: approved.Databases, GrantedAt: granted, ExpiresAt: end,
		})
		time.Sleep(time.Until(end.Add(-9 * time.Minute)))
		if n := len(servicetest.Said[event.Expiring](t, r.Outbox)); n != 1 {
			t.Errorf("%d warnings ten minutes before the end", n)
		}
		time.Sleep(time.Until(end.Add(2 * time.Second)))
		expired := servicetest.Said[event.Expired](t, r.Outbox)
		if len(expired) != 1 || expired[0].EndedAt.Before(end) {
			t.Fatalf("two seconds after the end: %+v", expired)
		}
		r.say(event.Grantor, event.Revoked{Outcome: event.Gone, User: "taro", SeenAt: time.Now(), How: "read back"})
		r.say(event.Provisioner, event.InstanceTerminated{Outcome: event.Gone, InstanceID: "i-1", SeenAt: time.Now(), How: "seen terminated"})
		time.Sleep(5 * time.Second)
		if reaped := servicetest.Said[event.Reaped](t, r.Outbox); len(reaped) != 1 || len(r.schedules()) != 0 {
			t.Errorf("receipt %+v, schedules %q", reaped, r.schedules())
		}
	})
}

func (r *road) approve(length time.Duration) event.Approved {
	r.t.Helper()
	now := time.Now().UTC()
	terms := warrant.Warrant{
		RequestID: r.id, Purpose: warrant.PurposeGrant, Owner: warrant.Person{Team: "T1", User: "U0TARO", Email: "taro@example.com"},
		Cluster: "shop-prod", Databases: []string{"shop"}, Role: "DML", Privileges: []string{"SELECT"}, Duration: length,
		Approvers:  []warrant.Person{{Team: "T1", User: "U0HANAKO", Email: "hanako@example.com"}},
		PolicyHash: "sha256:1", StartBy: now.Add(10 * time.Minute), EndBy: now.Add(10*time.Minute + 4*time.Hour), IssuedAt: now,
	}
	token, err := r.signer.Warrant(terms)
	must(r.t, err)
	approved := event.Approved{
		Ask: event.Ask{
			Requester: event.Person{Team: "T1", User: "U0TARO"}, Cluster: terms.Cluster, Databases: terms.Databases,
			Role: terms.Role, Duration: event.Duration(length), Reason: "a test",
		},
		Privileges: terms.Privileges, Approvers: []event.Person{{Team: "T1", User: "U0HANAKO"}},
		PolicyHash: terms.PolicyHash, StartBy: terms.StartBy, EndBy: terms.EndBy, Warrant: token,
	}
	r.say(event.Approval, approved)
	return approved
}
