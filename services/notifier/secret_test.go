package notifier_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/services/notifier"
)

// tap is what lies between the notifier and Slack: it keeps every call, and
// fails those that it is told to.
type tap struct {
	to   http.RoundTripper
	mu   sync.Mutex
	sent []string // method and form
	fail string   // a method that fails after its effect
}

func (w *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.mu.Lock()
	w.sent = append(w.sent, r.URL.Path+" "+string(body))
	fail := w.fail != "" && strings.HasSuffix(r.URL.Path, w.fail)
	w.mu.Unlock()
	answer, err := w.to.RoundTrip(r)
	if err == nil && fail {
		return nil, errors.Join(errors.New("the answer was lost"), answer.Body.Close())
	}
	return answer, err
}

// calls are the forms of the calls of one method.
func (w *tap) calls(tb testing.TB, method string) []url.Values {
	tb.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []url.Values
	for _, s := range w.sent {
		if body, ok := strings.CutPrefix(s, "/api/"+method+" "); ok {
			form, err := url.ParseQuery(body)
			if err != nil {
				tb.Fatal(err)
			}
			out = append(out, form)
		}
	}
	return out
}

// tapped makes the bundle's service anew, on a wire that is listened to and with
// a log that is kept.
func (b *bundle) tapped(tb testing.TB) (*tap, *bytes.Buffer) {
	tb.Helper()
	w, log := &tap{to: b.slack.Client().Transport}, &bytes.Buffer{}
	client, err := slackui.NewClient(b.slack.APIURL(), secret.New(b.slack.Tokens().Bot), &http.Client{Transport: w})
	ok(tb, err)
	b.options.Slack, b.options.Logger = client, slog.New(slog.NewJSONHandler(log, nil))
	b.Service, err = notifier.New(b.options)
	ok(tb, err)
	return w, log
}

func TestAPasswordEntersOnlyByAnEditInABlockOfTheOwnersMessage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	w, _ := b.tapped(t)
	for _, deliver := range b.heard(t)[:8] {
		ok(t, deliver(t.Context()))
	}
	seen := 0
	for _, form := range w.calls(t, "chat.update") {
		mustNot(t, form.Get("text"), "Canary")
		if strings.Contains(form.Get("blocks"), "Canary") {
			seen++
			if form.Get("channel") != b.slack.DirectMessage("U0EMMA") {
				t.Errorf("the password went to %s", form.Get("channel"))
			}
		}
	}
	if seen == 0 {
		t.Error("the password was never shown")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, call := range w.sent {
		if strings.Contains(call, "Canary") && !strings.HasPrefix(call, "/api/chat.update ") {
			t.Errorf("the password went out by %s", strings.Fields(call)[0])
		}
		if strings.Contains(call, "conversations.history") {
			t.Error("somebody's messages were read")
		}
	}
}

func TestNoPasswordOrTokenIsInAnythingThatIsWrittenDown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	w, log := b.tapped(t)
	heard := b.heard(t)
	for _, deliver := range heard[:5] {
		ok(t, deliver(t.Context()))
	}
	var written strings.Builder
	for i, fail := range []func(){
		func() { w.fail = "chat.update" },
		func() { w.fail = ""; b.slack.SetStatus("chat.update", 1, 500) },
		func() { b.slack.SetError("chat.update", 1, "invalid_blocks") },
	} {
		fail()
		fmt.Fprintln(&written, heard[5+i](t.Context()))
	}
	written.WriteString(log.String())
	for _, e := range b.bus.Sent() {
		raw, err := json.Marshal(e)
		ok(t, err)
		written.Write(raw)
	}
	written.WriteString(b.table(t))
	mustNot(t, written.String(), "Canary", b.slack.Tokens().Bot)
	b.alarmed(t, "slack-refused", 1)
}

// table is everything in the notifier's table, as JSON.
func (b *bundle) table(tb testing.TB) string {
	tb.Helper()
	name := "powerpole-notifier"
	all, err := dynamodb.NewFromConfig(b.aws.Config()).Scan(tb.Context(), &dynamodb.ScanInput{TableName: &name})
	ok(tb, err)
	if len(all.Items) == 0 {
		tb.Fatal("the table is empty")
	}
	raw, err := json.Marshal(all.Items)
	ok(tb, err)
	return string(raw)
}

func TestAPasswordThatCannotBeReadIsTriedAgainAndOneThatIsGoneMeansTheEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	heard := b.heard(t)
	for _, deliver := range heard[:5] {
		ok(t, deliver(t.Context()))
	}
	working := b.Service
	b.options.Secrets = noSecrets{}
	broken, err := notifier.New(b.options)
	ok(t, err)
	b.Service = broken
	if err := heard[5](t.Context()); !bus.IsOnRecord(err) {
		t.Errorf("of a message without its password it said %v: it is neither done nor dead", err)
	}
	b.Service = working
	ok(t, secret.Remove(t.Context(), b.secrets, credential.Name(b.id)))
	ok(t, heard[5](t.Context()))
	must(t, b.shown(t), "There are no credentials")
}

func TestAnotherAccountsPasswordIsNotShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ok(t, b.OnRequestCreated(t.Context(), b.created(t)))
	granted := b.granted(t)
	granted.Data.User = "emma.clark_x1"
	ok(t, b.OnGranted(t.Context(), granted))
	mustNot(t, b.shown(t), "Canary")
}

func TestWithIAMThereIsNoPassword(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.options.Secrets = noSecrets{}
	s, err := notifier.New(b.options)
	ok(t, err)
	ok(t, s.OnRequestCreated(t.Context(), b.created(t)))
	granted := b.granted(t)
	granted.Data.Auth = "iam"
	ok(t, s.OnGranted(t.Context(), granted))
	must(t, b.shown(t), "IAM authentication token", "--enable-cleartext-plugin")
}
