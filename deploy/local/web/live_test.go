package web

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	local "github.com/powerpole/powerpole/deploy/local/aws/eventbridge"
)

// listen opens the stream and gives the names that come over it.
func (b *bench) listen() <-chan string {
	b.t.Helper()
	served := httptest.NewServer(b.page)
	ctx, cancel := context.WithCancel(context.Background())
	b.t.Cleanup(served.Close)
	b.t.Cleanup(cancel) // before the server, which waits for it
	r := must[*http.Request](b.t)(http.NewRequestWithContext(ctx, http.MethodGet, served.URL+"/live", nil))
	res := must[*http.Response](b.t)(http.DefaultClient.Do(r))
	b.t.Cleanup(func() { res.Body.Close() })
	if kind := res.Header.Get("Content-Type"); kind != "text/event-stream" {
		b.t.Fatalf("content type %q", kind)
	}
	names := make(chan string, 1000)
	go func() {
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				names <- name
			}
		}
	}()
	wait(b.t, names, "state") // the last of what a stream begins with
	return names
}

func wait(t *testing.T, names <-chan string, want string) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	for {
		select {
		case name := <-names:
			if name == want {
				return
			}
		case <-deadline.C:
			t.Fatalf("%s was not told", want)
		}
	}
}

func TestEveryChangeIsToldLive(t *testing.T) {
	t.Parallel()
	b := setup(t)
	names := b.listen()
	b.app.call("chat.postMessage", url.Values{"channel": {"C0OPS"}, "text": {"news"}})
	wait(t, names, "slack")
	b.bastion("U0TARO")
	wait(t, names, "state")
	b.event("Granted", `{"request_id":"req-7"}`)
	wait(t, names, "events")
}

// event puts an event on the default bus.
func (b *bench) event(kind, detail string) {
	b.t.Helper()
	must[*eventbridge.PutEventsOutput](b.t)(eventbridge.NewFromConfig(b.aws.Config()).PutEvents(b.t.Context(), &eventbridge.PutEventsInput{
		Entries: []types.PutEventsRequestEntry{{Source: awssdk.String("powerpole.grantor"), DetailType: &kind, Detail: &detail}},
	}))
}

func TestEventsAreShownNewestFirst(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.event("Approved", `{"request_id":"req-7","note":"<script>alert(1)</script>"}`)
	b.event("Granted", `{"request_id":"req-7"}`)
	got := b.get("/fragment/events").want(t, 200, `data-type="Granted"`, `data-type="Approved"`, "req-7", "&lt;script&gt;").body
	if strings.Index(got, "Granted") > strings.Index(got, "Approved") {
		t.Error("the older event is first")
	}
	if strings.Contains(got, "<script") {
		t.Error("an event became a tag")
	}
}

func TestTheFeedForgetsTheOldest(t *testing.T) {
	t.Parallel()
	f := NewFeed(2)
	for _, kind := range []string{"one", "two", "three"} {
		f.Add(local.Event{DetailType: kind, JSON: "no JSON"})
	}
	got := f.entries()
	if len(got) != 2 || got[0].Type != "three" || got[1].Type != "two" {
		t.Errorf("got %+v", got)
	}
}

func TestTheStateIsShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := sqs.NewFromConfig(b.aws.Config())
	dead := must[*sqs.CreateQueueOutput](t)(client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: awssdk.String("grantor-dead")}))
	must[*sqs.CreateQueueOutput](t)(client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: awssdk.String("grantor"), Attributes: map[string]string{
		"RedrivePolicy": `{"deadLetterTargetArn":"` + b.aws.SQS.Queues()[0].ARN + `","maxReceiveCount":"3"}`,
	}}))
	for range 3 {
		must[*sqs.SendMessageOutput](t)(client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: dead.QueueUrl, MessageBody: awssdk.String("lost")}))
	}
	if q := b.page.queues(); len(q) != 1 || q[0].Name != "grantor" || q[0].Dead != 3 {
		t.Errorf("queues: %+v", q)
	}
	id := b.lease("U0TARO", "taro")
	i, _ := b.aws.EC2.Instance(id)
	b.get("/fragment/state").want(t, 200, "grantor", id, "running", i.PrivateIP.String(), "taro", `data-kill="`+id+`"`)
}

func TestTheTitlePageSaysWhatToDoFirst(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.get("/").want(t, 200, "/powerpole", "Press <b>/powerpole</b>", `data-action="slash"`)
	if _, err := New(Options{}); err == nil {
		t.Error("a page over nothing is made")
	}
}
