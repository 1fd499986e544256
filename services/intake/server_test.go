package intake_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	slackgo "github.com/slack-go/slack"
	"go.uber.org/goleak"

	"github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/intake"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAnAnswerComesWithinThreeSecondsWhateverStalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		v := d.ask("shop")
		d.bus.stuck = true
		began := time.Now()
		answer, err := d.slack.SubmitView(t.Context(), "U0TARO", v.ID, filled())
		must(t, err)
		if took := time.Since(began); took >= 3*time.Second || answer.Errors[intake.ReasonBlock] == "" {
			t.Errorf("after %v it answered %+v", took, answer)
		}
		began = time.Now()
		if w := d.post("/slack/events", homeOpened, nil); w.Code != 500 || time.Since(began) >= 3*time.Second {
			t.Errorf("after %v it answered %d", time.Since(began), w.Code)
		}
	})
}

// serve runs a service until the test ends, and checks that it ends well.
func serve(t *testing.T, s *intake.Service) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
}

func TestItListensWhereItSays(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	serve(t, d.service)
	for range 2 {
		addr, err := d.service.Addr(t.Context())
		must(t, err)
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		r, err := client.Get("http://" + addr + "/healthz")
		must(t, err)
		_ = r.Body.Close()
		if r.StatusCode != http.StatusNoContent {
			t.Errorf("status %d", r.StatusCode)
		}
	}
}

func TestAnAddressThatIsTakenIsAnError(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	serve(t, d.service)
	addr, err := d.service.Addr(t.Context())
	must(t, err)
	o := d.service.Options
	o.Address = addr
	second, err := intake.New(o)
	must(t, err)
	if err := second.Serve(t.Context()); err == nil || !strings.Contains(err.Error(), addr) {
		t.Errorf("error %v, want one that names %s", err, addr)
	}
}

func TestTheSameOverSocketMode(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	web := httptest.NewServer(d.slack.Handler())
	t.Cleanup(web.Close)
	d.slack.SetBaseURL(web.URL)
	d.slack.SetIntake(slack.Intake{})
	o := d.service.Options
	o.Address = ""
	o.Socket = slackgo.New(d.slack.Tokens().Bot, slackgo.OptionAPIURL(d.slack.APIURL()),
		slackgo.OptionAppLevelToken(d.slack.Tokens().App), slackgo.OptionHTTPClient(web.Client()))
	service, err := intake.New(o)
	must(t, err)
	serve(t, service)
	changed, stop := d.slack.Subscribe()
	defer stop()
	for !d.slack.SocketConnected() {
		select {
		case <-changed:
		case <-time.After(20 * time.Millisecond):
		}
	}
	v := d.ask("shop")
	answer, err := d.slack.SubmitView(t.Context(), "U0TARO", v.ID, filled())
	must(t, err)
	if answer.Action != "" {
		t.Errorf("answer %+v", answer)
	}
	only[event.RequestCreated](d)
}

func TestNewNamesEverythingThatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := intake.New(intake.Options{})
	for _, what := range []string{"catalog", "Slack client", "bus", "signer", "signing secret", "address or socket"} {
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("error %v does not name the %s", err, what)
		}
	}
}
