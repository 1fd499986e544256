package eventbridge_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/powerpole/powerpole/deploy/local/aws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	queueARN = "arn:aws:sqs:us-east-1:000000000000:"
	busARN   = "arn:aws:events:us-east-1:000000000000:event-bus/powerpole"
)

// fixture is a stack with a bus and two queues.
type fixture struct {
	t     *testing.T
	stack *aws.Stack
	api   *eventbridge.Client
	sqs   *sqs.Client
}

func fresh(t *testing.T) *fixture {
	t.Helper()
	s, err := aws.New(t.Context(), aws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	x := &fixture{t, s, eventbridge.NewFromConfig(s.Config()), sqs.NewFromConfig(s.Config())}
	for _, name := range []string{"inbox", "dead"} {
		if _, err := x.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := x.api.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: awssdk.String("powerpole")}); err != nil {
		t.Fatal(err)
	}
	return x
}

// rule makes a rule on the bus that delivers to the targets.
func (x *fixture) rule(name, pattern string, targets ...types.Target) {
	x.t.Helper()
	bus := awssdk.String("powerpole")
	if _, err := x.api.PutRule(x.t.Context(), &eventbridge.PutRuleInput{Name: &name, EventBusName: bus, EventPattern: &pattern}); err != nil {
		x.t.Fatal(err)
	}
	if _, err := x.api.PutTargets(x.t.Context(), &eventbridge.PutTargetsInput{Rule: &name, EventBusName: bus, Targets: targets}); err != nil {
		x.t.Fatal(err)
	}
}

func to(queue string) types.Target {
	return types.Target{Id: &queue, Arn: awssdk.String(queueARN + queue)}
}

func entry(detailType, detail string) types.PutEventsRequestEntry {
	return types.PutEventsRequestEntry{
		EventBusName: awssdk.String("powerpole"), Source: awssdk.String("powerpole.intake"),
		DetailType: &detailType, Detail: &detail,
	}
}

func (x *fixture) put(entries ...types.PutEventsRequestEntry) *eventbridge.PutEventsOutput {
	x.t.Helper()
	out, err := x.api.PutEvents(x.t.Context(), &eventbridge.PutEventsInput{Entries: entries})
	if err != nil {
		x.t.Fatal(err)
	}
	return out
}

// received takes what is in a queue.
func (x *fixture) received(queue string) []sqstypes.Message {
	x.t.Helper()
	out, err := x.sqs.ReceiveMessage(x.t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: awssdk.String("https://sqs/" + queue), MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"},
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return out.Messages
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func TestAnEventGoesToTheTargetsOfTheRulesThatMatch(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	x.rule("created", `{"source":["powerpole.intake"],"detail-type":["RequestCreated"]}`, to("inbox"))
	x.rule("other", `{"source":["powerpole.approval"]}`, to("dead"))
	e := entry("RequestCreated", `{"request_id":"pp-1","data":{"reason":"a < b & \"c\""}}`)
	e.Resources = []string{"pp-1"}
	out := x.put(e)
	got := x.received("inbox")
	if len(got) != 1 || len(x.received("dead")) != 0 {
		t.Fatalf("received %v", got)
	}
	var env struct {
		Version, ID, Source, Account, Region, Time string
		DetailType                                 string `json:"detail-type"`
		Resources                                  []string
		Detail                                     struct{ Data struct{ Reason string } }
	}
	if err := json.Unmarshal([]byte(*got[0].Body), &env); err != nil {
		t.Fatal(err)
	}
	if env.ID != *out.Entries[0].EventId || env.Version != "0" || env.Source != "powerpole.intake" || env.DetailType != "RequestCreated" ||
		env.Account != "000000000000" || env.Region != "us-east-1" || env.Detail.Data.Reason != `a < b & "c"` || env.Resources[0] != "pp-1" {
		t.Errorf("got %s", *got[0].Body)
	}
	if _, err := time.Parse("2006-01-02T15:04:05Z", env.Time); err != nil {
		t.Error(err)
	}
}

func TestAnEntryThatFailsDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	x.rule("all", `{"source":[{"prefix":"powerpole."}]}`, to("inbox"))
	noSource, noBus, aws := entry("A", `{}`), entry("A", `{}`), entry("A", `{}`)
	noSource.Source, noBus.EventBusName, aws.Source = nil, awssdk.String("none"), awssdk.String("aws.ec2")
	out := x.put(entry("A", `{}`), entry("A", `{"a":`), entry("A", `[1]`), noSource, noBus, aws)
	if out.FailedEntryCount != 5 || out.Entries[0].EventId == nil {
		t.Fatalf("got %+v", out)
	}
	for n, want := range []string{"", "MalformedDetail", "MalformedDetail", "InvalidArgument", "ResourceNotFoundException", "NotAuthorizedForSourceException"} {
		if got := awssdk.ToString(out.Entries[n].ErrorCode); got != want {
			t.Errorf("entry %d: %s, want %s", n, got, want)
		}
	}
	if got := x.received("inbox"); len(got) != 1 {
		t.Errorf("delivered %d", len(got))
	}
}

func TestPutEventsTakesTenEntriesAndOneMebibyte(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	var eleven []types.PutEventsRequestEntry
	for range 11 {
		eleven = append(eleven, entry("A", `{}`))
	}
	large := entry("A", `{"a":"`+strings.Repeat("x", 1<<20)+`"}`)
	for name, entries := range map[string][]types.PutEventsRequestEntry{"eleven": eleven, "too large": {large}} {
		_, err := x.api.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: entries})
		if code(err) != "ValidationException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if out := x.put(eleven[:10]...); out.FailedEntryCount != 0 {
		t.Errorf("got %+v", out)
	}
}

func TestADeliveryToAQueueThatIsGoneEndsInTheTargetsDeadLetterQueue(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	lost := to("nowhere")
	lost.DeadLetterConfig = &types.DeadLetterConfig{Arn: awssdk.String(queueARN + "dead")}
	x.rule("all", `{"source":[{"prefix":"powerpole."}]}`, lost, to("inbox"))
	x.put(entry("A", `{}`))
	if n := len(x.received("inbox")); n != 1 {
		t.Errorf("the other target got %d", n)
	}
	got := x.received("dead")
	if len(got) != 1 {
		t.Fatalf("got %v", got)
	}
	for name, want := range map[string]string{
		"RULE_ARN":   "arn:aws:events:us-east-1:000000000000:rule/powerpole/all",
		"TARGET_ARN": queueARN + "nowhere", "ERROR_CODE": "NO_RESOURCE",
	} {
		if v := awssdk.ToString(got[0].MessageAttributes[name].StringValue); v != want {
			t.Errorf("%s is %q, want %q", name, v, want)
		}
	}
}

func TestAnEventOfAWSComesOnTheDefaultBus(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	name, pattern := awssdk.String("hints"), awssdk.String(`{"source":["aws.ec2"]}`)
	if _, err := x.api.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: name, EventPattern: pattern}); err != nil {
		t.Fatal(err)
	}
	if _, err := x.api.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: name, Targets: []types.Target{to("inbox")}}); err != nil {
		t.Fatal(err)
	}
	err := x.stack.EventBridge.Put(t.Context(), "aws.ec2", "EC2 Instance State-change Notification", json.RawMessage(`{"state":"running"}`))
	if got := x.received("inbox"); err != nil || len(got) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestRecentEventsNameTheirTargets(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	x.rule("all", `{"source":[{"prefix":"powerpole."}]}`, to("inbox"))
	x.put(entry("A", `{}`), entry("B", `{}`))
	got := x.stack.EventBridge.Recent(1)
	if len(got) != 1 || got[0].DetailType != "B" || got[0].Bus != "powerpole" || got[0].Targets[0] != queueARN+"inbox" {
		t.Errorf("got %+v", got)
	}
}
