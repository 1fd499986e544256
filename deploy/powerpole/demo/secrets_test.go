package demo_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/powerpole/powerpole/pkg/event"
)

// password reads the one in the direct message.
func (w *world) password() string {
	m := regexp.MustCompile("`([A-Za-z0-9_-]{24})`").FindStringSubmatch(w.direct())
	if m == nil {
		w.t.Fatalf("no password in %s", w.direct())
	}
	return m[1]
}

func TestNoSecretIsInAnyEventLogLineRecordOrNotification(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.ask("2h")
	w.click(hanako, channel, event.Approve)
	w.ready()
	e := w.Endpoints()
	secrets := map[string]string{
		"password": w.password(), "signing secret": e.Slack.SigningSecret, "bot token": e.Slack.BotToken,
		"administrator's password": e.Database.Password,
	}
	w.click(taro, w.Slack.DirectMessage(taro), event.Release)
	w.await("the receipt", func() bool { return strings.Contains(w.direct(), ":receipt:") })
	places := map[string]string{"log": w.lines.String(), "direct message": w.direct()}
	for _, event := range w.AWS.EventBridge.Recent(1000) {
		places["events"] += event.JSON
	}
	for _, q := range w.AWS.SQS.Queues() {
		places["queue "+q.Name] = strings.Join(w.AWS.SQS.Peek(q.Name, 1000), "\n")
	}
	for _, m := range w.Slack.Messages(hanako, channel) {
		places["channel"] += m.Text + string(m.Blocks)
	}
	places["tables"] = fmt.Sprint(w.tables())
	for where, text := range places {
		for what, value := range secrets {
			if strings.Contains(text, value) {
				t.Errorf("the %s of %s is in the %s", what, id, where)
			}
		}
	}
	if !strings.Contains(places["log"], id) || !strings.Contains(places["events"], id) || !strings.Contains(places["tables"], id) {
		t.Error("the test looked at places that hold nothing of the request")
	}
}

func TestReplayingTheArchiveHasNoEffectAtAll(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.ask("2h")
	w.click(hanako, channel, event.Approve)
	w.ready()
	w.click(taro, w.Slack.DirectMessage(taro), event.Release)
	w.await("the receipt", func() bool { return strings.Contains(w.direct(), ":receipt:") })
	events := eventbridge.NewFromConfig(w.AWS.Config())
	archive, err := events.DescribeArchive(t.Context(), &eventbridge.DescribeArchiveInput{ArchiveName: aws.String("powerpole")})
	if err != nil {
		t.Fatal(err)
	}
	w.settle()
	before, direct := w.effects(), w.direct()
	_, err = events.StartReplay(t.Context(), &eventbridge.StartReplayInput{
		ReplayName: aws.String("audit"), EventSourceArn: archive.ArchiveArn,
		EventStartTime: aws.Time(time.Now().Add(-time.Hour)), EventEndTime: aws.Time(time.Now()),
		Destination: &types.ReplayDestination{Arn: archive.EventSourceArn},
	})
	if err != nil {
		t.Fatal(err)
	}
	replayed := w.replay(events, "audit")
	if !replayed["Approved"] || !replayed["Granted"] || !replayed["Expired"] {
		t.Fatalf("replayed were only %v", replayed)
	}
	if after := w.effects(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("calls with effects of %s were %v, are %v", id, before, after)
	}
	if w.direct() != direct {
		t.Error("the direct message was edited")
	}
}

// replay waits for its end and returns the types that came by.
func (w *world) replay(events *eventbridge.Client, name string) map[string]bool {
	w.t.Helper()
	for {
		r, err := events.DescribeReplay(w.t.Context(), &eventbridge.DescribeReplayInput{ReplayName: &name})
		if err != nil {
			w.t.Fatal(err)
		}
		if r.State == types.ReplayStateCompleted {
			break
		}
	}
	out := map[string]bool{}
	for _, e := range w.AWS.EventBridge.Recent(1000) {
		if e.Replay == name {
			out[e.DetailType] = true
		}
	}
	return out
}

// effects are the counts of all calls that change something, but for those that
// a queue is waited on with.
func (w *world) effects() map[string]int {
	n := w.calls.snapshot()
	for call := range n {
		_, op, _ := strings.Cut(call, " ")
		looks := strings.HasPrefix(op, "Get") || strings.HasPrefix(op, "List") || strings.HasPrefix(op, "Describe")
		if looks || op == "ReceiveMessage" || op == "Query" || op == "StartReplay" {
			delete(n, call)
		}
	}
	return n
}
