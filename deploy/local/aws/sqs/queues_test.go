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
)

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
