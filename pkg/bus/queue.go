package bus

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// settleAPI is what ends a message in SQS otherwise than by deleting it.
type settleAPI interface {
	ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
}

// sqsAPI is what a Poller needs of *sqs.Client.
type sqsAPI interface {
	settleAPI
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
}

var _ sqsAPI = (*sqs.Client)(nil)

// maxHidden is the longest that we hide a message. SQS allows 12 hours from its
// receive, in which the handler's own time counts.
const maxHidden = 12*time.Hour - 5*time.Minute

// seconds rounds a wait up to whole seconds: nothing comes back too early.
func seconds(d time.Duration) int32 {
	d = min(max(d, 0), maxHidden)
	return int32((d + time.Second - 1) / time.Second) //nolint:gosec // at most 12 hours
}

// hidden is one visibility to set.
type hidden struct {
	receipt string
	after   time.Duration
}

// hide sets the visibility of up to ten messages.
func hide(ctx context.Context, client settleAPI, queueURL string, batch []hidden) ([]types.BatchResultErrorEntry, error) {
	entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(batch))
	for i, h := range batch {
		entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(h.receipt), VisibilityTimeout: seconds(h.after),
		}
	}
	out, err := client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{
		QueueUrl: aws.String(queueURL), Entries: entries,
	})
	if err != nil {
		return nil, err
	}
	return out.Failed, nil
}

// readMessage takes what a handler's outcome depends on. A queue that does not
// say how often it gave the message is believed once.
func readMessage(id, body string, attributes map[string]string) message {
	m := message{id: id, body: body, receives: 1}
	if n, err := strconv.Atoi(attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)]); err == nil {
		m.receives = max(1, n)
	}
	if ms, err := strconv.ParseInt(attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64); err == nil {
		m.sent = time.UnixMilli(ms)
	}
	return m
}

// arnName is the last part of a queue's ARN.
func arnName(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }
