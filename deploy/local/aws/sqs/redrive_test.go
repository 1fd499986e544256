package sqs_test

import (
	"fmt"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

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
