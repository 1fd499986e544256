package sqs_test

import (
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

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
