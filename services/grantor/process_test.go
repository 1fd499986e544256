package grantor_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/powerpole/powerpole/deploy/local/aws"
	localbus "github.com/powerpole/powerpole/deploy/local/aws/eventbridge"
	"github.com/powerpole/powerpole/pkg/bootstrap"
	pkgbus "github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/grantor"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// TestTheProcessGrantsAndRevokesWhatComesFromTheBus runs the grantor as its
// process does: settings from an environment, events through rules and queue.
func TestTheProcessGrantsAndRevokesWhatComesFromTheBus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, say := runProcess(t)
		l := w.request("taro@example.com")
		token, err := w.signer.Warrant(l.warrant)
		must(t, err)
		l.ready.Warrant = token
		say(event.Provisioner, l.id, l.ready)
		say(event.Reaper, l.id, event.Armed{Stop: "start", At: l.warrant.StartBy, Generation: 1})
		time.Sleep(time.Minute)
		only[event.Granted](l)
		if err := l.login(l.ready.PrivateIP.String()); err != nil {
			t.Errorf("logging in: %v", err)
		}
		say(event.Reaper, l.id, event.Expired{Cause: event.ByTime, EndedAt: time.Now().UTC()})
		time.Sleep(time.Minute)
		l.nothingLeft(t, 0)
	})
}

func runProcess(t *testing.T) (w *world, say func(event.Source, string, event.Data)) {
	t.Helper()
	db, stop, err := accttest.Embedded()
	must(t, err)
	t.Cleanup(stop)
	w = &world{t: t, db: db, bus: &bus{}}
	stack, err := aws.New(t.Context(), aws.Options{OnEvent: func(e localbus.Event) {
		if parsed, err := event.Parse([]byte(e.JSON)); err == nil && parsed.Source == event.Grantor {
			_ = w.bus.Publish(context.Background(), parsed.Event)
		}
	}})
	must(t, err)
	t.Cleanup(stack.Close)
	cfg := stack.Config()
	must(t, bootstrap.New(cfg, bootstrap.Options{}).Run(t.Context()))
	w.ec2, w.secrets = ec2.NewFromConfig(cfg), secretsmanager.NewFromConfig(cfg)
	w.table, err = store.NewTable[grantor.State](dynamodb.NewFromConfig(cfg), "powerpole-grantor")
	must(t, err)
	environ := w.settings()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := service.Run(ctx, grantor.Spec(), service.Options{
			AWS: &cfg, Environ: environ, DialDatabase: db.Target.Dial, Log: slog.New(slog.DiscardHandler),
		}); err != nil {
			t.Errorf("the process ended: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	registry := allEvents(t)
	return w, func(from event.Source, request string, data event.Data) {
		t.Helper()
		p, err := pkgbus.NewPublisher(eventbridge.NewFromConfig(cfg), topology.BusName, from, registry)
		must(t, err)
		e, err := event.New(event.About{Source: from, RequestID: request}, data)
		must(t, err)
		must(t, p.Publish(t.Context(), e))
	}
}

// settings writes the files that a process reads and names them.
func (w *world) settings() map[string]string {
	w.t.Helper()
	key, err := warrant.GenerateKey(warrant.KindWarrant, "test")
	must(w.t, err)
	w.signer, err = warrant.NewSigner(key, "test")
	must(w.t, err)
	keys, err := json.Marshal(key.Public())
	must(w.t, err)
	dir := writeAdmin(w.t, w.db)
	text := fmt.Appendf(nil, catalogText, w.db.Target.Address, dir, dir, w.db.ServerName)
	must(w.t, os.WriteFile(filepath.Join(dir, "powerpole.yaml"), text, 0o600))
	must(w.t, os.WriteFile(filepath.Join(dir, "keys.json"), keys, 0o600))
	return map[string]string{
		"POWERPOLE_CATALOG": filepath.Join(dir, "powerpole.yaml"), "POWERPOLE_KEYS": filepath.Join(dir, "keys.json"),
	}
}
