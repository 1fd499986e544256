package notifier_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	localslack "github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/slackui"
)

// opener is an intake that opens an empty modal for whoever types a command.
type opener struct{ slack *slack.Client }

func (o opener) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	text := slack.NewTextBlockObject(slack.PlainTextType, "One moment", false, false)
	_, err := o.slack.OpenViewContext(r.Context(), r.PostForm.Get("trigger_id"), slack.ModalViewRequest{
		Type: slack.VTModal, Title: text, Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewSectionBlock(text, nil, nil)}},
	})
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r}, err
}

// modal has intake open a modal for somebody, and returns its view id.
func (b *bundle) modal(tb testing.TB, user string) string {
	tb.Helper()
	client, err := slackui.NewClient(b.slack.APIURL(), secret.New(b.slack.Tokens().Bot), b.slack.Client())
	ok(tb, err)
	b.slack.SetIntake(localslack.Intake{CommandURL: "http://intake.example/", Client: &http.Client{Transport: opener{client}}})
	_, err = b.slack.SlashCommand(tb.Context(), user, "C0OPS", "/powerpole", "")
	ok(tb, err)
	var view struct{ ID string }
	ok(tb, json.Unmarshal(b.slack.OpenView(user), &view))
	return view.ID
}
