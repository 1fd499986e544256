package sqs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/powerpole/powerpole/deploy/local/aws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is a stack with one queue.
type fixture struct {
	t     *testing.T
	stack *aws.Stack
	api   *sqs.Client
	url   *string
}

func fresh(t *testing.T, attributes map[string]string) *fixture {
	t.Helper()
	s, err := aws.New(t.Context(), aws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	x := &fixture{t: t, stack: s, api: sqs.NewFromConfig(s.Config())}
	x.url = x.create("work", attributes)
	return x
}

// bubble runs f in virtual time.
func bubble(t *testing.T, attributes map[string]string, f func(*testing.T, *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, fresh(t, attributes)) })
}

func (x *fixture) create(name string, attributes map[string]string) *string {
	x.t.Helper()
	out, err := x.api.CreateQueue(x.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		x.t.Fatal(err)
	}
	return out.QueueUrl
}

func (x *fixture) send(body string) *sqs.SendMessageOutput {
	x.t.Helper()
	out, err := x.api.SendMessage(x.t.Context(), &sqs.SendMessageInput{QueueUrl: x.url, MessageBody: &body})
	if err != nil {
		x.t.Fatal(err)
	}
	return out
}

// receive asks once, without waiting.
func (x *fixture) receive(url *string) []types.Message {
	x.t.Helper()
	out, err := x.api.ReceiveMessage(x.t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: url, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return out.Messages
}

func (x *fixture) receiveOne(url *string) types.Message {
	x.t.Helper()
	got := x.receive(url)
	if len(got) != 1 {
		x.t.Fatalf("received %d messages, want 1", len(got))
	}
	return got[0]
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func TestAMessageComesWithItsAttributesAndChecksums(t *testing.T) {
	t.Parallel()
	x := fresh(t, nil)
	sent, err := x.api.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: x.url, MessageBody: awssdk.String("grüße"),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"text":   {DataType: awssdk.String("String"), StringValue: awssdk.String("v")},
			"number": {DataType: awssdk.String("Number"), StringValue: awssdk.String("7")},
			"bytes":  {DataType: awssdk.String("Binary"), BinaryValue: []byte{0, 1, 2}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	m := x.receiveOne(x.url)
	if *m.Body != "grüße" || len(m.MessageAttributes) != 3 || string(m.MessageAttributes["bytes"].BinaryValue) != "\x00\x01\x02" {
		t.Errorf("got %s %v", *m.Body, m.MessageAttributes)
	}
	if *m.MD5OfBody != *sent.MD5OfMessageBody || *m.MD5OfMessageAttributes != *sent.MD5OfMessageAttributes {
		t.Errorf("sums differ: %v and %v", sent, m)
	}
}

// The expected sum was computed by AWS's documented algorithm with another
// implementation: md5 over length-prefixed name, type and value.
func TestTheSumOfAttributesIsAWSs(t *testing.T) {
	t.Parallel()
	x := fresh(t, nil)
	sent, err := x.api.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: x.url, MessageBody: awssdk.String("x"),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"timestamp": {DataType: awssdk.String("Number"), StringValue: awssdk.String("1493147359900")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := "235c5c510d26fb653d073faed50ae77c"; *sent.MD5OfMessageAttributes != want {
		t.Errorf("got %s, want %s", *sent.MD5OfMessageAttributes, want)
	}
}

func TestAReceiverGetsOnlyTheAttributesItNames(t *testing.T) {
	t.Parallel()
	x := fresh(t, nil)
	value := func(s string) types.MessageAttributeValue {
		return types.MessageAttributeValue{DataType: awssdk.String("String"), StringValue: &s}
	}
	if _, err := x.api.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: x.url, MessageBody: awssdk.String("x"),
		MessageAttributes: map[string]types.MessageAttributeValue{"a.one": value("1"), "a.two": value("2"), "b": value("3")},
	}); err != nil {
		t.Fatal(err)
	}
	out, err := x.api.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: x.url, MessageAttributeNames: []string{"a.*"}})
	if err != nil {
		t.Fatal(err)
	}
	if m := out.Messages[0]; len(m.MessageAttributes) != 2 || m.Attributes != nil {
		t.Errorf("got %v %v", m.MessageAttributes, m.Attributes)
	}
}

func TestALongPollReturnsAsSoonAsAMessageComes(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, x *fixture) {
		time.AfterFunc(7*time.Second, func() { x.send("now") })
		begin := time.Now()
		out, err := x.api.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: x.url, WaitTimeSeconds: 20})
		if err != nil || len(out.Messages) != 1 || time.Since(begin) != 7*time.Second {
			t.Errorf("after %v: %v, %v", time.Since(begin), out, err)
		}
	})
}

func TestALongPollWithoutMessagesEndsAfterItsWait(t *testing.T) {
	t.Parallel()
	bubble(t, map[string]string{"ReceiveMessageWaitTimeSeconds": "12"}, func(t *testing.T, x *fixture) {
		for _, c := range []struct {
			in   *sqs.ReceiveMessageInput
			want time.Duration
		}{
			{&sqs.ReceiveMessageInput{QueueUrl: x.url, WaitTimeSeconds: 20}, 20 * time.Second},
			{&sqs.ReceiveMessageInput{QueueUrl: x.url}, 12 * time.Second}, // the queue's own
		} {
			begin := time.Now()
			out, err := x.api.ReceiveMessage(t.Context(), c.in)
			if err != nil || len(out.Messages) != 0 || time.Since(begin) != c.want {
				t.Errorf("after %v: %v, %v", time.Since(begin), out, err)
			}
		}
	})
}

func TestOnePollerOfManyGetsTheMessage(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, x *fixture) {
		got := make(chan int, 8)
		for range 8 {
			go func() {
				out, err := x.api.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: x.url, WaitTimeSeconds: 20})
				if err != nil {
					t.Error(err)
				}
				got <- len(out.Messages)
			}()
		}
		synctest.Wait()
		x.send("one")
		total := 0
		for range 8 {
			total += <-got
		}
		if total != 1 {
			t.Errorf("%d pollers got the one message", total)
		}
	})
}

func TestAReceivedMessageComesAgainWhenItsVisibilityEnds(t *testing.T) {
	t.Parallel()
	bubble(t, map[string]string{"VisibilityTimeout": "45"}, func(t *testing.T, x *fixture) {
		x.send("work")
		sent := time.Now()
		first := x.receiveOne(x.url)
		time.Sleep(45*time.Second - time.Millisecond)
		if got := x.receive(x.url); len(got) != 0 {
			t.Fatalf("a message in flight was received: %v", got)
		}
		time.Sleep(time.Millisecond)
		second := x.receiveOne(x.url)
		if first.Attributes["ApproximateReceiveCount"] != "1" || second.Attributes["ApproximateReceiveCount"] != "2" {
			t.Errorf("counts %v, %v", first.Attributes, second.Attributes)
		}
		if second.Attributes["SentTimestamp"] != fmt.Sprint(sent.UnixMilli()) ||
			second.Attributes["ApproximateFirstReceiveTimestamp"] != fmt.Sprint(sent.UnixMilli()) {
			t.Errorf("times %v", second.Attributes)
		}
	})
}

func TestAPollerIsWokenWhenAVisibilityEnds(t *testing.T) {
	t.Parallel()
	bubble(t, map[string]string{"VisibilityTimeout": "5"}, func(t *testing.T, x *fixture) {
		begin := time.Now()
		polled := make(chan time.Duration, 1)
		go func() {
			// It sleeps before anything is due, and must learn of it.
			for {
				out, err := x.api.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: x.url, WaitTimeSeconds: 20})
				if err != nil {
					t.Error(err)
				}
				if len(out.Messages) == 1 && out.Messages[0].ReceiptHandle != nil {
					polled <- time.Since(begin)
					return
				}
			}
		}()
		synctest.Wait()
		if _, err := x.api.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: x.url, MessageBody: awssdk.String("x"), DelaySeconds: 3}); err != nil {
			t.Fatal(err)
		}
		if d := <-polled; d != 3*time.Second {
			t.Errorf("woken after %v", d)
		}
	})
}

func TestVisibilityCanBeExtendedAndGivenUpButNotBeyondTwelveHours(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, x *fixture) {
		x.send("work")
		m := x.receiveOne(x.url)
		change := func(seconds int32) error {
			_, err := x.api.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{
				QueueUrl: x.url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds,
			})
			return err
		}
		for range 11 {
			if err := change(3600); err != nil {
				t.Fatal(err)
			}
			time.Sleep(59 * time.Minute)
		}
		if got := x.receive(x.url); len(got) != 0 {
			t.Error("received in spite of its heartbeat")
		}
		if err := change(2 * 3600); code(err) != "InvalidParameterValue" {
			t.Errorf("beyond 12 hours: %v", err)
		}
		if err := change(0); err != nil {
			t.Fatal(err)
		}
		if x.receiveOne(x.url).Attributes["ApproximateReceiveCount"] != "2" {
			t.Error("giving up is not a receive")
		}
	})
}

func TestVisibilityOfAMessageNotInFlightCannotBeChanged(t *testing.T) {
	t.Parallel()
	bubble(t, map[string]string{"VisibilityTimeout": "10"}, func(t *testing.T, x *fixture) {
		x.send("work")
		m := x.receiveOne(x.url)
		time.Sleep(10 * time.Second)
		_, err := x.api.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{
			QueueUrl: x.url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 30,
		})
		if late := new(types.MessageNotInflight); !errors.As(err, &late) {
			t.Errorf("got %v", err)
		}
	})
}

func TestDeletingWithAnOldHandleSucceedsAndDeletesNothing(t *testing.T) {
	t.Parallel()
	bubble(t, map[string]string{"VisibilityTimeout": "10"}, func(t *testing.T, x *fixture) {
		x.send("work")
		slow := x.receiveOne(x.url)
		time.Sleep(10 * time.Second)
		x.receiveOne(x.url)
		if _, err := x.api.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: x.url, ReceiptHandle: slow.ReceiptHandle}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		last := x.receiveOne(x.url)
		for range 2 { // twice: what is gone is gone
			if _, err := x.api.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: x.url, ReceiptHandle: last.ReceiptHandle}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour)
		if got := x.receive(x.url); len(got) != 0 {
			t.Errorf("deleted, and received: %v", got)
		}
	})
}

func TestAHandleThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	x := fresh(t, nil)
	_, err := x.api.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: x.url, ReceiptHandle: awssdk.String("nonsense")})
	if bad := new(types.ReceiptHandleIsInvalid); !errors.As(err, &bad) {
		t.Errorf("got %v", err)
	}
}

func TestADelayedMessageIsInvisibleForThatLong(t *testing.T) {
	t.Parallel()
	bubble(t, map[string]string{"DelaySeconds": "60"}, func(t *testing.T, x *fixture) {
		x.send("the queue's delay")
		if _, err := x.api.SendMessage(t.Context(), &sqs.SendMessageInput{
			QueueUrl: x.url, MessageBody: awssdk.String("its own"), DelaySeconds: 5,
		}); err != nil {
			t.Fatal(err)
		}
		if st := x.stack.SQS.Queues()[0]; st.Delayed != 2 || st.Visible != 0 {
			t.Errorf("got %+v", st)
		}
		time.Sleep(5 * time.Second)
		if m := x.receiveOne(x.url); *m.Body != "its own" {
			t.Errorf("got %s", *m.Body)
		}
		time.Sleep(55*time.Second - time.Millisecond)
		for _, m := range x.receive(x.url) {
			if *m.Body != "its own" {
				t.Errorf("%s came early", *m.Body)
			}
		}
	})
}

func TestAMessageOlderThanTheRetentionIsGone(t *testing.T) {
	t.Parallel()
	bubble(t, map[string]string{"MessageRetentionPeriod": "3600"}, func(t *testing.T, x *fixture) {
		x.send("old")
		time.Sleep(time.Hour - time.Second)
		if n := x.stack.SQS.Queues()[0].Visible; n != 1 {
			t.Fatalf("%d messages before the hour", n)
		}
		time.Sleep(time.Second)
		if got := x.receive(x.url); len(got) != 0 {
			t.Errorf("received %v", got)
		}
	})
}

const workARN = "arn:aws:sqs:us-east-1:000000000000:work"

// withDead makes a dead-letter queue and lets the work queue use it.
func (x *fixture) withDead(receives int) *string {
	x.t.Helper()
	url := x.create("dead", nil)
	if _, err := x.api.SetQueueAttributes(x.t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: x.url, Attributes: map[string]string{
		"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":"%d"}`, receives),
	}}); err != nil {
		x.t.Fatal(err)
	}
	return url
}

func TestAMessageReceivedTooOftenIsMovedWithItsAge(t *testing.T) {
	t.Parallel()
	bubble(t, map[string]string{"VisibilityTimeout": "10"}, func(t *testing.T, x *fixture) {
		dead := x.withDead(3)
		sent := time.Now()
		id := *x.send("poison").MessageId
		for range 3 {
			x.receiveOne(x.url)
			time.Sleep(10 * time.Second)
		}
		if got := x.receive(x.url); len(got) != 0 {
			t.Fatalf("a fourth receive: %v", got)
		}
		m := x.receiveOne(dead)
		if *m.MessageId != id || *m.Body != "poison" || m.Attributes["DeadLetterQueueSourceArn"] != workARN ||
			m.Attributes["SentTimestamp"] != fmt.Sprint(sent.UnixMilli()) {
			t.Errorf("got %s %v", *m.Body, m.Attributes)
		}
	})
}

func TestADeadLetterQueueMustExist(t *testing.T) {
	t.Parallel()
	x := fresh(t, nil)
	_, err := x.api.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: x.url, Attributes: map[string]string{
		"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:none","maxReceiveCount":3}`,
	}})
	if code(err) != "InvalidParameterValue" {
		t.Errorf("got %v", err)
	}
}

func TestAMoveTaskBringsDeadLettersHomeAsNewMessages(t *testing.T) {
	t.Parallel()
	bubble(t, map[string]string{"VisibilityTimeout": "0"}, func(t *testing.T, x *fixture) {
		x.withDead(1)
		old := *x.send("again").MessageId
		x.send("again too")
		x.receive(x.url)
		x.receive(x.url)
		time.Sleep(time.Hour)
		arn := awssdk.String("arn:aws:sqs:us-east-1:000000000000:dead")
		if _, err := x.api.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: arn}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		tasks, err := x.api.ListMessageMoveTasks(t.Context(), &sqs.ListMessageMoveTasksInput{SourceArn: arn})
		if err != nil || *tasks.Results[0].Status != "COMPLETED" || tasks.Results[0].ApproximateNumberOfMessagesMoved != 2 {
			t.Errorf("got %+v, %v", tasks, err)
		}
		got := x.receive(x.url)
		if len(got) != 2 || *got[0].MessageId == old || got[0].Attributes["ApproximateReceiveCount"] != "1" {
			t.Errorf("got %v", got)
		}
	})
}

func TestAMoveTaskKeepsItsRateAndCanBeCancelled(t *testing.T) {
	t.Parallel()
	bubble(t, map[string]string{"VisibilityTimeout": "0"}, func(t *testing.T, x *fixture) {
		x.withDead(1)
		for n := range 10 {
			x.send(fmt.Sprint(n))
		}
		x.receive(x.url)
		x.receive(x.url)
		arn := awssdk.String("arn:aws:sqs:us-east-1:000000000000:dead")
		in := &sqs.StartMessageMoveTaskInput{SourceArn: arn, MaxNumberOfMessagesPerSecond: awssdk.Int32(1)}
		task, err := x.api.StartMessageMoveTask(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.api.StartMessageMoveTask(t.Context(), in); code(err) != "AWS.SimpleQueueService.UnsupportedOperation" {
			t.Errorf("a second task: %v", err)
		}
		time.Sleep(3500 * time.Millisecond)
		out, err := x.api.CancelMessageMoveTask(t.Context(), &sqs.CancelMessageMoveTaskInput{TaskHandle: task.TaskHandle})
		if err != nil || out.ApproximateNumberOfMessagesMoved != 4 {
			t.Errorf("got %+v, %v", out, err)
		}
		time.Sleep(time.Minute)
		if st := x.stack.SQS.Queues()[0]; st.Name != "dead" || st.Visible != 6 {
			t.Errorf("got %+v", st)
		}
	})
}

func TestOnlyADeadLetterQueueCanBeMovedFrom(t *testing.T) {
	t.Parallel()
	x := fresh(t, nil)
	_, err := x.api.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: awssdk.String(workARN)})
	if code(err) != "InvalidParameterValue" {
		t.Errorf("got %v", err)
	}
}

func TestAQueueThatIsNotThereIsAWSsError(t *testing.T) {
	t.Parallel()
	x := fresh(t, nil)
	_, err := x.api.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: awssdk.String("none")})
	if none := new(types.QueueDoesNotExist); !errors.As(err, &none) || code(err) != "AWS.SimpleQueueService.NonExistentQueue" {
		t.Errorf("got %v", err)
	}
}

func TestCreatingAQueueTwiceIsTheSameQueueUnlessItDiffers(t *testing.T) {
	t.Parallel()
	x := fresh(t, map[string]string{"VisibilityTimeout": "45"})
	if again := x.create("work", map[string]string{"VisibilityTimeout": "45"}); *again != *x.url {
		t.Errorf("got %s", *again)
	}
	x.create("work", nil)
	_, err := x.api.CreateQueue(t.Context(), &sqs.CreateQueueInput{
		QueueName: awssdk.String("work"), Attributes: map[string]string{"VisibilityTimeout": "46"},
	})
	if there := new(types.QueueNameExists); !errors.As(err, &there) {
		t.Errorf("got %v", err)
	}
}

func TestAttributesReadAsTheyWereSet(t *testing.T) {
	t.Parallel()
	x := fresh(t, map[string]string{"VisibilityTimeout": "45", "MessageRetentionPeriod": "1209600"})
	x.send("one")
	out, err := x.api.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: x.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"VisibilityTimeout": "45", "MessageRetentionPeriod": "1209600", "QueueArn": workARN,
		"ApproximateNumberOfMessages": "1", "ApproximateNumberOfMessagesNotVisible": "0", "DelaySeconds": "0",
	} {
		if out.Attributes[name] != want {
			t.Errorf("%s is %q, want %q", name, out.Attributes[name], want)
		}
	}
}

func TestAttributesOutOfRangeAreRefused(t *testing.T) {
	t.Parallel()
	x := fresh(t, nil)
	for name, c := range map[string]struct{ value, code string }{
		"VisibilityTimeout":      {"43201", "InvalidAttributeValue"},
		"DelaySeconds":           {"-1", "InvalidAttributeValue"},
		"MessageRetentionPeriod": {"59", "InvalidAttributeValue"},
		"FifoQueue":              {"true", "InvalidAttributeName"},
		"Colour":                 {"red", "InvalidAttributeName"},
		"RedrivePolicy":          {"{", "InvalidAttributeValue"},
	} {
		_, err := x.api.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: x.url, Attributes: map[string]string{name: c.value}})
		if code(err) != c.code {
			t.Errorf("%s=%s: %v", name, c.value, err)
		}
	}
}

func entries(ids ...string) []types.SendMessageBatchRequestEntry {
	var out []types.SendMessageBatchRequestEntry
	for _, id := range ids {
		out = append(out, types.SendMessageBatchRequestEntry{Id: &id, MessageBody: awssdk.String("body " + id)})
	}
	return out
}

func TestABatchThatIsWrongAsAWholeIsRefused(t *testing.T) {
	t.Parallel()
	x := fresh(t, nil)
	big := entries("a", "b")
	big[0].MessageBody, big[1].MessageBody = awssdk.String(strings.Repeat("x", 600<<10)), awssdk.String(strings.Repeat("x", 600<<10))
	for name, c := range map[string]struct {
		entries []types.SendMessageBatchRequestEntry
		code    string
	}{
		"empty":       {[]types.SendMessageBatchRequestEntry{}, "AWS.SimpleQueueService.EmptyBatchRequest"},
		"an id twice": {entries("a", "a"), "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"},
		"a bad id":    {entries("a b"), "AWS.SimpleQueueService.InvalidBatchEntryId"},
		"eleven":      {entries("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a"), "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"},
		"over 1 MiB":  {big, "AWS.SimpleQueueService.BatchRequestTooLong"},
	} {
		_, err := x.api.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: x.url, Entries: c.entries})
		if code(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestABatchReportsEachEntryOnItsOwn(t *testing.T) {
	t.Parallel()
	x := fresh(t, nil)
	in := entries("good", "bad")
	in[1].MessageBody = awssdk.String("\x01")
	out, err := x.api.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: x.url, Entries: in})
	if err != nil || len(out.Successful) != 1 || *out.Successful[0].Id != "good" ||
		len(out.Failed) != 1 || *out.Failed[0].Code != "InvalidMessageContents" || !out.Failed[0].SenderFault {
		t.Fatalf("got %+v, %v", out, err)
	}
	m := x.receiveOne(x.url)
	gone, err := x.api.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: x.url, Entries: []types.DeleteMessageBatchRequestEntry{
		{Id: awssdk.String("1"), ReceiptHandle: m.ReceiptHandle}, {Id: awssdk.String("2"), ReceiptHandle: awssdk.String("?")},
	}})
	if err != nil || len(gone.Successful) != 1 || len(gone.Failed) != 1 || *gone.Failed[0].Code != "ReceiptHandleIsInvalid" {
		t.Errorf("got %+v, %v", gone, err)
	}
	late, err := x.api.ChangeMessageVisibilityBatch(t.Context(), &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: x.url, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{
		{Id: awssdk.String("1"), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 9},
	}})
	if err != nil || len(late.Failed) != 1 || *late.Failed[0].Code != "AWS.SimpleQueueService.MessageNotInflight" {
		t.Errorf("got %+v, %v", late, err)
	}
}

func TestMessagesThatAWSDoesNotTakeAreRefused(t *testing.T) {
	t.Parallel()
	x := fresh(t, nil)
	for name, c := range map[string]struct{ body, code string }{
		"a character outside of XML's": {"a\x00b", "InvalidMessageContents"},
		"no character at all":          {"a\ufffeb", "InvalidMessageContents"},
		"nothing":                      {"", "MissingParameter"},
		"a byte over 1 MiB":            {strings.Repeat("x", 1<<20+1), "InvalidParameterValue"},
	} {
		if _, err := x.api.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: x.url, MessageBody: &c.body}); code(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(x.receive(x.url)) != 0 {
		t.Error("something was kept")
	}
	x.send(strings.Repeat("x", 1<<20))
}

func TestReceiveParametersOutOfRangeAreRefused(t *testing.T) {
	t.Parallel()
	x := fresh(t, nil)
	for _, in := range []*sqs.ReceiveMessageInput{
		{QueueUrl: x.url, MaxNumberOfMessages: 11}, {QueueUrl: x.url, WaitTimeSeconds: 21}, {QueueUrl: x.url, VisibilityTimeout: 43201},
	} {
		if _, err := x.api.ReceiveMessage(t.Context(), in); code(err) != "InvalidParameterValue" {
			t.Errorf("%+v: %v", in, err)
		}
	}
}

func TestPurgeEmptiesAQueueOncePerMinute(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, x *fixture) {
		x.send("visible")
		x.send("in flight")
		x.receive(x.url)
		purge := func() error {
			_, err := x.api.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: x.url})
			return err
		}
		if err := purge(); err != nil {
			t.Fatal(err)
		}
		if busy := new(types.PurgeQueueInProgress); !errors.As(purge(), &busy) {
			t.Error("a second purge was taken at once")
		}
		time.Sleep(time.Minute)
		if got := x.receive(x.url); len(got) != 0 || purge() != nil {
			t.Errorf("received %v", got)
		}
	})
}

func TestADeletedQueueEndsItsPollsAndKeepsItsNameForAMinute(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, x *fixture) {
		polled := make(chan error, 1)
		go func() {
			_, err := x.api.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: x.url, WaitTimeSeconds: 20})
			polled <- err
		}()
		synctest.Wait()
		if _, err := x.api.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: x.url}); err != nil {
			t.Fatal(err)
		}
		if gone := new(types.QueueDoesNotExist); !errors.As(<-polled, &gone) {
			t.Error("the poll went on")
		}
		in := &sqs.CreateQueueInput{QueueName: awssdk.String("work")}
		if _, err := x.api.CreateQueue(t.Context(), in); code(err) != "AWS.SimpleQueueService.QueueDeletedRecently" {
			t.Errorf("created at once: %v", err)
		}
		time.Sleep(time.Minute)
		x.create("work", nil)
	})
}

func TestQueuesAreListedByPrefixAndPage(t *testing.T) {
	t.Parallel()
	x := fresh(t, nil)
	for _, name := range []string{"pp-b", "pp-a", "pp-c"} {
		x.create(name, nil)
	}
	pages := sqs.NewListQueuesPaginator(x.api, &sqs.ListQueuesInput{QueueNamePrefix: awssdk.String("pp-"), MaxResults: awssdk.Int32(2)})
	var got []string
	for pages.HasMorePages() {
		p, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, url := range p.QueueUrls {
			got = append(got, url[strings.LastIndexByte(url, '/')+1:])
		}
	}
	if strings.Join(got, " ") != "pp-a pp-b pp-c" {
		t.Errorf("got %v", got)
	}
}

func TestDeadLetterSourcesAndTagsAreListed(t *testing.T) {
	t.Parallel()
	x := fresh(t, nil)
	dead := x.withDead(5)
	out, err := x.api.ListDeadLetterSourceQueues(t.Context(), &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: dead})
	if err != nil || len(out.QueueUrls) != 1 || out.QueueUrls[0] != *x.url {
		t.Errorf("got %v, %v", out, err)
	}
	if _, err := x.api.TagQueue(t.Context(), &sqs.TagQueueInput{QueueUrl: dead, Tags: map[string]string{"a": "1", "b": "2"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := x.api.UntagQueue(t.Context(), &sqs.UntagQueueInput{QueueUrl: dead, TagKeys: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	tags, err := x.api.ListQueueTags(t.Context(), &sqs.ListQueueTagsInput{QueueUrl: dead})
	if err != nil || len(tags.Tags) != 1 || tags.Tags["b"] != "2" {
		t.Errorf("got %v, %v", tags, err)
	}
}

func TestPeekShowsMessagesWithoutReceivingThem(t *testing.T) {
	t.Parallel()
	x := fresh(t, nil)
	x.send("first")
	x.send("second")
	if got := x.stack.SQS.Peek("work", 1); len(got) != 1 || got[0] != "first" {
		t.Errorf("got %v", got)
	}
	if got := x.receive(x.url); len(got) != 2 || got[0].Attributes["ApproximateReceiveCount"] != "1" {
		t.Errorf("got %v", got)
	}
}

// BenchmarkRoundTrip is one message sent, received in a batch and deleted.
func BenchmarkRoundTrip(b *testing.B) {
	s, err := aws.New(context.Background(), aws.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	api := sqs.NewFromConfig(s.Config())
	q, err := api.CreateQueue(b.Context(), &sqs.CreateQueueInput{QueueName: awssdk.String("bench")})
	if err != nil {
		b.Fatal(err)
	}
	for n := 0; b.Loop(); n++ {
		if _, err := api.SendMessage(b.Context(), &sqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: awssdk.String("body")}); err != nil {
			b.Fatal(err)
		}
		if n%10 != 9 {
			continue
		}
		out, err := api.ReceiveMessage(b.Context(), &sqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, MaxNumberOfMessages: 10})
		if err != nil {
			b.Fatal(err)
		}
		var gone []types.DeleteMessageBatchRequestEntry
		for i, m := range out.Messages {
			gone = append(gone, types.DeleteMessageBatchRequestEntry{Id: awssdk.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle})
		}
		if _, err := api.DeleteMessageBatch(b.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: q.QueueUrl, Entries: gone}); err != nil {
			b.Fatal(err)
		}
	}
}
