package sqs_test

import (
	"errors"
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
		synctest.Wait() // until the sender has its answer, which may come after the receiver's
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

const workARN = "arn:aws:sqs:us-east-1:000000000000:work"

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
