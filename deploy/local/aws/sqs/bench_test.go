package sqs_test

import (
	"context"
	"fmt"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/powerpole/powerpole/deploy/local/aws"
)

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
