package approval_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/powerpole/powerpole/deploy/local/aws"
	local "github.com/powerpole/powerpole/deploy/local/aws/eventbridge"
	"github.com/powerpole/powerpole/pkg/bootstrap"
	pbus "github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/services/approval"
)

// passed is what has passed the bus, by type: what approval says for each
// request once, however often. The same event may be published again, with the
// same id.
type passed struct {
	stack *aws.Stack
	mu    sync.Mutex
	ids   map[string]map[string]bool
}

func (p *passed) take(e local.Event) {
	r, err := event.Parse([]byte(e.JSON))
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ids == nil {
		p.ids = map[string]map[string]bool{}
	}
	if p.ids[r.Type] == nil {
		p.ids[r.Type] = map[string]bool{}
	}
	p.ids[r.Type][r.Detail.ID] = true
}

func (p *passed) count(typ string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.ids[typ])
}

// parked is how many messages lie in approval's dead-letter queue.
func (p *passed) parked(t *testing.T) int {
	t.Helper()
	q := sqs.NewFromConfig(p.stack.Config())
	url, err := q.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: new("powerpole-approval" + topology.DeadSuffix)})
	ok(t, err)
	out, err := q.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url.QueueUrl, MaxNumberOfMessages: 10})
	ok(t, err)
	return len(out.Messages)
}

// process runs approval as its command does, on queues, schedules and a table of
// the embedded AWS.
func process(t *testing.T, b *bundle) (publish func(event.Event), p *passed) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	p = &passed{}
	stack, err := aws.New(ctx, aws.Options{LongPoll: 10 * time.Minute, OnEvent: p.take})
	ok(t, err)
	p.stack = stack
	cfg := stack.Config()
	ok(t, bootstrap.New(cfg, bootstrap.Options{}).Run(ctx))
	ended := make(chan error, 1)
	go func() {
		ended <- service.Run(ctx, approval.Spec(), service.Options{
			Environ: environ(t, b), AWS: &cfg, HTTP: &http.Client{Transport: b.wire}, Wait: 10 * time.Minute,
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
		publisher, err := pbus.NewPublisher(eventbridge.NewFromConfig(cfg), topology.BusName, e.Source, registry)
		ok(t, err)
		ok(t, publisher.Publish(ctx, e))
	}, p
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
	private, err := b.warrantKey.Private()
	ok(t, err)
	public, err := json.Marshal(b.keySet)
	ok(t, err)
	return map[string]string{
		"POWERPOLE_CATALOG":         write("powerpole.yaml", []byte(testCatalog)),
		"POWERPOLE_KEYS":            write("keys.json", public),
		"POWERPOLE_WARRANT_KEY":     "file:" + write("warrant.json", []byte(private.Reveal())),
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

func TestAsAProcessItAsksDecidesAndLapsesByTheScheduler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		publish, passed := process(t, b)
		first, second := b.request(t, ask()), b.request(t, ask())
		publish(wired(t, first))
		publish(wired(t, second))
		time.Sleep(time.Minute)
		if n := len(b.messages()); n != 2 {
			t.Fatalf("%d messages were posted", n)
		}
		publish(wired(t, b.click(t, first, "U0HANAKO", event.Approve)))
		time.Sleep(time.Minute)
		if passed.count("Approved") != 1 || passed.count("Voted") != 1 {
			t.Errorf("passed: %v", passed.ids)
		}
		time.Sleep(9 * time.Hour)
		if passed.count("Lapsed") != 1 {
			t.Errorf("passed: %v", passed.ids)
		}
		shown := []string{string(b.messages()[0].Blocks), string(b.messages()[1].Blocks)}
		if !slices.ContainsFunc(shown, func(s string) bool { return strings.Contains(s, "Lapsed") }) {
			t.Errorf("nobody sees that it lapsed: %v", shown)
		}
	})
}

func TestAProcessWithoutItsSecretsDoesNotStartAndNamesThem(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stack, err := aws.New(t.Context(), aws.Options{})
	ok(t, err)
	cfg := stack.Config()
	ok(t, bootstrap.New(cfg, bootstrap.Options{}).Run(t.Context()))
	env := environ(t, b)
	env["POWERPOLE_WARRANT_KEY"] = env["POWERPOLE_SLACK_BOT_TOKEN"]
	env["POWERPOLE_SLACK_BOT_TOKEN"] = "file:/nowhere"
	err = service.Run(t.Context(), approval.Spec(), service.Options{Environ: env, AWS: &cfg, HTTP: b.slack.Client()})
	if err == nil || !strings.Contains(err.Error(), "/nowhere") || !strings.Contains(err.Error(), "key for warrants") {
		t.Errorf("got %v", err)
	}
	if strings.Contains(err.Error(), b.slack.Tokens().Bot) {
		t.Errorf("the error holds the token: %v", err)
	}
}
