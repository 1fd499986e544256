package slack

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/slack-go/slack"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a workspace, the app's client to it, and the app.
type bundle struct {
	server *Server
	api    *slack.Client
	app    *app
}

func setup(t testing.TB, opts Options) *bundle {
	t.Helper()
	s := New(opts)
	t.Cleanup(s.Close)
	a := &app{t: t, secret: s.Tokens().SigningSecret, answer: func(received) (int, string) { return 200, "" }}
	s.SetIntake(Intake{
		CommandURL: "http://app/command", InteractivityURL: "http://app/interactivity", OptionsURL: "http://app/options",
		EventsURL: "http://app/events", Client: &http.Client{Transport: inProcess{a}},
	})
	return &bundle{s, client(s, s.Tokens().Bot), a}
}

func client(s *Server, token string) *slack.Client {
	return slack.New(token, slack.OptionAPIURL(s.APIURL()), slack.OptionHTTPClient(s.Client()))
}

// app stands for PowerPole's intake: it verifies signatures with slack-go, keeps
// what it was sent and answers what the test says.
type app struct {
	t      testing.TB
	secret string
	mu     sync.Mutex
	got    []received
	answer func(received) (status int, body string)
}

type received struct {
	path    string
	form    url.Values
	payload slack.InteractionCallback
	raw     []byte // the payload, or the JSON of an event
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Error(err)
	}
	verifier, err := slack.NewSecretsVerifier(r.Header, a.secret)
	if err != nil {
		a.t.Errorf("verifying: %v", err)
	}
	if _, err := verifier.Write(body); err != nil || verifier.Ensure() != nil {
		a.t.Errorf("the signature of %s does not verify", r.URL.Path)
	}
	got := received{path: r.URL.Path, raw: body}
	if r.Header.Get("Content-Type") != "application/json" {
		if got.form, err = url.ParseQuery(string(body)); err != nil {
			a.t.Errorf("reading the form: %v", err)
		}
	}
	if p := got.form.Get("payload"); p != "" {
		got.raw = []byte(p)
		if err := json.Unmarshal(got.raw, &got.payload); err != nil {
			a.t.Errorf("slack-go cannot read %s: %v", p, err)
		}
	}
	a.mu.Lock()
	a.got = append(a.got, got)
	answer := a.answer
	a.mu.Unlock()
	status, text := answer(got)
	w.WriteHeader(status)
	io.WriteString(w, text)
}

func (a *app) answers(status int, body string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = func(received) (int, string) { return status, body }
}

// last is the latest that the app was sent.
func (a *app) last() received {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.got) == 0 {
		a.t.Fatal("the app was sent nothing")
	}
	return a.got[len(a.got)-1]
}

func (a *app) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.got)
}

// code is the Slack error in err, "" if there is none.
func code(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return e.Err
	}
	t.Fatalf("not Slack's error: %v", err)
	return ""
}

func want(t testing.TB, err error, wanted string) {
	t.Helper()
	if got := code(t, err); got != wanted {
		t.Errorf("error %q, want %q", got, wanted)
	}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func plain(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, text, false, false)
}

// modal asks for a cluster (external), a role (static) and a reason (text).
func modal(title string) slack.ModalViewRequest {
	role := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, "role",
		slack.NewOptionBlockObject("READ", plain("Read"), nil), slack.NewOptionBlockObject("DML", plain("Write"), nil))
	reason := slack.NewPlainTextInputBlockElement(nil, "reason")
	reason.MaxLength = 20
	cluster := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, nil, "cluster")
	cluster.MinQueryLength = new(0)
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain(title), Submit: plain("Ask"), CallbackID: "request", PrivateMetadata: "pp-1", NotifyOnClose: true,
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewSectionBlock(plain("Which?"), nil, slack.NewAccessory(cluster), slack.SectionBlockOptionBlockID("cluster_block")),
			slack.NewInputBlock("role_block", plain("Role"), nil, role),
			slack.NewInputBlock("reason_block", plain("Reason"), nil, reason),
		}},
	}
}

// opened types /powerpole as taro and opens the modal; it gives its id.
func (b *bundle) opened(t testing.TB) string {
	t.Helper()
	view := must[*slack.ViewResponse](t)(b.api.OpenViewContext(t.Context(), b.trigger(t), modal("Ask")))
	return view.ID
}

func (b *bundle) trigger(t testing.TB) string {
	t.Helper()
	if _, err := b.server.SlashCommand(t.Context(), "U0TARO", "C0OPS", "/powerpole", "db"); err != nil {
		t.Fatal(err)
	}
	return b.app.last().form.Get("trigger_id")
}
