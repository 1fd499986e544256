package notifier_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/pkg/bootstrap"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/services/notifier"
)

// process runs the notifier as its command does, on the queue, table and secrets
// of the embedded AWS.
func process(t *testing.T, b *bundle) (publish func(event.Event)) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	stack, err := aws.New(ctx, aws.Options{LongPoll: 10 * time.Minute})
	ok(t, err)
	cfg := stack.Config()
	b.secrets = secretsmanager.NewFromConfig(cfg)
	ok(t, bootstrap.New(cfg, bootstrap.Options{}).Run(ctx))
	ended := make(chan error, 1)
	go func() {
		ended <- service.Run(ctx, notifier.Spec(), service.Options{
			Environ: environ(t, b), AWS: &cfg, HTTP: b.slack.Client(), Wait: 10 * time.Minute,
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		stack.Close()
	})
	registry, err := event.All()
	ok(t, err)
	return func(e event.Event) {
		publisher, err := bus.NewPublisher(eventbridge.NewFromConfig(cfg), topology.BusName, e.Source, registry)
		ok(t, err)
		ok(t, publisher.Publish(ctx, e))
	}
}

// environ is the environment of a process: paths and references, no secret.
func environ(t *testing.T, b *bundle) map[string]string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		ok(t, os.WriteFile(path, content, 0o600))
		return path
	}
	public, err := json.Marshal(b.keySet)
	ok(t, err)
	return map[string]string{
		"POWERPOLE_CATALOG":         write("powerpole.yaml", []byte(testCatalog)),
		"POWERPOLE_KEYS":            write("keys.json", public),
		"POWERPOLE_SLACK_BOT_TOKEN": "file:" + write("token", []byte(b.slack.Tokens().Bot)),
		"POWERPOLE_SLACK_API_URL":   b.slack.APIURL(),
	}
}

// wired is an event as its service publishes it.
func wired[T event.Data](tb testing.TB, e event.Typed[T]) event.Event {
	tb.Helper()
	made, err := event.New(event.About{Source: e.Source, RequestID: e.RequestID, Discriminator: e.ID}, e.Data)
	ok(tb, err)
	return made
}

func TestAsAProcessItHearsWhatTheTopologySendsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		publish := process(t, b)
		hear := func(e event.Event, want string) {
			publish(e)
			time.Sleep(time.Minute)
			must(t, b.shown(t), want)
		}
		hear(wired(t, b.created(t)), "Waiting for approval")
		hear(wired(t, of(b, event.Approval, event.Voted{By: hanako(), Action: event.Look, Taken: true, Needed: 1})), "Looking at it")
		hear(wired(t, b.approved()), "is being built")
		hear(wired(t, b.ready()), "Making the database account")
		granted := b.granted(t)
		hear(wired(t, granted), asBlock(t, canary))
		later := granted.Data.ExpiresAt.Add(time.Hour)
		hear(wired(t, of(b, event.Reaper, event.Armed{Stop: "end", At: later, Generation: 3})), "You can connect")
		hear(wired(t, of(b, event.Reaper, event.Expiring{ExpiresAt: later})), "Your access ends soon")
		hear(wired(t, b.expired(event.ByTime)), "Your access is ending")
		hear(wired(t, b.reaped()), "Your access has ended")

		publish(wired(t, of(b, event.Reaper, event.Alarmed{Alarm: "overdue", Text: "x"})))
		publish(wired(t, of(b, event.Intake, event.HomeOpened{By: emma()})))
		time.Sleep(time.Minute)
		if n := len(b.slack.Messages("U0EMMA", "C0OPS")); n != 1 {
			t.Errorf("the operators were told %d times", n)
		}
		must(t, string(b.slack.HomeView("U0EMMA")), "Your access has ended")
	})
}

func TestAProcessWithoutItsSettingsDoesNotStart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cfg := b.aws.Config()
	ok(t, bootstrap.New(cfg, bootstrap.Options{}).Run(t.Context()))
	env := environ(t, b)
	env["POWERPOLE_SLACK_BOT_TOKEN"] = "xoxb-not-a-reference"
	err := service.Run(t.Context(), notifier.Spec(), service.Options{Environ: env, AWS: &cfg, HTTP: b.slack.Client()})
	if err == nil || strings.Contains(err.Error(), "xoxb") {
		t.Errorf("got %v", err)
	}
}
