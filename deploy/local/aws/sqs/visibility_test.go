package sqs_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

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
