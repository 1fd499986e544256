package intake_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/powerpole/powerpole/deploy/local/aws"
	localbus "github.com/powerpole/powerpole/deploy/local/aws/eventbridge"
	"github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/pkg/bootstrap"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/intake"
)

// TestTheProcessPutsOnTheBusWhatIsAskedInSlack runs intake as its process does:
// settings from an environment, HTTP on a port, EventBridge.
func TestTheProcessPutsOnTheBusWhatIsAskedInSlack(t *testing.T) {
	t.Parallel()
	d := &desk{t: t, slack: slack.New(slack.Options{}), bus: &bus{}}
	t.Cleanup(d.slack.Close)
	stack, err := aws.New(t.Context(), aws.Options{OnEvent: func(e localbus.Event) {
		if parsed, err := event.Parse([]byte(e.JSON)); err == nil {
			_ = d.bus.Publish(context.Background(), parsed.Event)
		}
	}})
	must(t, err)
	t.Cleanup(stack.Close)
	cfg := stack.Config()
	must(t, bootstrap.New(cfg, bootstrap.Options{}).Run(t.Context()))

	ctx, cancel := context.WithCancel(t.Context())
	ready := make(chan *intake.Service, 1)
	var running sync.WaitGroup
	running.Go(func() {
		if err := service.Run(ctx, intake.Spec(), service.Options{
			AWS: &cfg, Environ: d.settings(), HTTP: d.slack.Client(), Log: slog.New(slog.DiscardHandler),
			Ready: func(s service.Service) { ready <- s.(*intake.Service) },
		}); err != nil {
			t.Errorf("the process ended: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	addr, err := (<-ready).Addr(t.Context())
	must(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	d.slack.SetIntake(slack.Intake{
		CommandURL: "http://" + addr + "/slack/command", InteractivityURL: "http://" + addr + "/slack/interactivity", Client: client,
	})
	answer, err := d.slack.SubmitView(t.Context(), "U0TARO", d.ask("shop").ID, filled())
	must(t, err)
	if answer.Action != "" {
		t.Fatalf("answer %+v", answer)
	}
	e, r := only[event.RequestCreated](d)
	if s := d.slip(r.Slip, e.Detail.RequestID); s.User != "U0TARO" {
		t.Errorf("slip %+v", s)
	}
}

// settings writes the files that the process reads and names them.
func (d *desk) settings() map[string]string {
	key, err := warrant.GenerateKey(warrant.KindSlip, "test")
	must(d.t, err)
	d.verifier, err = warrant.NewVerifier(key.Public(), "test")
	must(d.t, err)
	private, err := key.Private()
	must(d.t, err)
	public, err := json.Marshal(key.Public())
	must(d.t, err)
	dir := d.t.TempDir()
	for name, content := range map[string]string{
		"catalog": catalogText, "keys": string(public), "slip": private.Reveal(),
		"signing": d.slack.Tokens().SigningSecret, "token": d.slack.Tokens().Bot,
	} {
		must(d.t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	ref := func(name string) string { return "file:" + filepath.Join(dir, name) }
	return map[string]string{
		"POWERPOLE_CATALOG": filepath.Join(dir, "catalog"), "POWERPOLE_KEYS": filepath.Join(dir, "keys"),
		"POWERPOLE_SLIP_KEY": ref("slip"), "POWERPOLE_SLACK_SIGNING_SECRET": ref("signing"), "POWERPOLE_SLACK_BOT_TOKEN": ref("token"),
		"POWERPOLE_SLACK_API_URL": d.slack.APIURL(), "POWERPOLE_INTAKE_ADDR": "127.0.0.1:0",
	}
}

func TestASettingThatIsNoReferenceIsRefusedAndNotRepeated(t *testing.T) {
	t.Parallel()
	d := &desk{t: t, slack: slack.New(slack.Options{}), bus: &bus{}}
	t.Cleanup(d.slack.Close)
	stack, err := aws.New(t.Context(), aws.Options{})
	must(t, err)
	t.Cleanup(stack.Close)
	cfg := stack.Config()
	environ := d.settings()
	environ["POWERPOLE_SLACK_SIGNING_SECRET"] = "canary-in-the-wrong-place"
	err = service.Run(t.Context(), intake.Spec(), service.Options{AWS: &cfg, Environ: environ, HTTP: d.slack.Client(), Log: slog.New(slog.DiscardHandler)})
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("error %v, want one without the value", err)
	}
}
